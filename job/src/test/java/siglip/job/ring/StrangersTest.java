package siglip.job.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import siglip.job.config.RingSettings;

/** Somebody who is no rank, and a rank that sends what it should not, on connections without authentication. */
@Timeout(120)
class StrangersTest {
    private static final int RANKS = 2;
    private static final long LAST = 30;

    @Test
    void whoConnectsAndClosesSendsGarbageOrReplaysAnOldAttemptDisturbsNobody() throws Exception {
        float[] expected;
        List<ByteBuffer> old;
        try (Circle circle = new Circle(RANKS)) {
            expected = new RingRun(RANKS).run(circle, step -> step == LAST).parameters();
            old = messages(circle.attempt());
        }
        try (Circle circle = new Circle(RANKS)) {
            SplittableRandom random = new SplittableRandom(1);
            RingRun.Result result = new RingRun(RANKS).run(circle, step -> {
                try {
                    disturb(circle, old, random);
                } catch (Exception e) {
                    throw new AssertionError(e);
                }
                return step == LAST;
            });

            assertThat(result.parameters()).isEqualTo(expected);
            assertThat(circle.driver().cause()).isEmpty();
        }
    }

    private static void disturb(Circle circle, List<ByteBuffer> old, SplittableRandom random) throws Exception {
        Address driver = circle.driver().address();
        new Socket(driver.host(), driver.port()).close();
        try (Socket socket = new Socket(driver.host(), driver.port())) {
            byte[] garbage = new byte[1 + random.nextInt(500)];
            random.nextBytes(garbage);
            socket.getOutputStream().write(garbage);
        }
        try (Stranger stranger = new Stranger(driver, Circle.plain(), false)) {
            for (ByteBuffer message : old) {
                assertThatThrownBy(() -> stranger.ask(message.duplicate())).hasMessageContaining("another attempt");
                stranger.client().send(message.duplicate());
            }
            // The number of the attempt is a secret of its own; but even who knows it cannot be a rank that is here.
            for (ByteBuffer message : messages(circle.attempt())) {
                assertThatThrownBy(() -> stranger.ask(message.duplicate())).isInstanceOf(IOException.class);
                stranger.client().send(message.duplicate());
            }
        }
    }

    /** One of each kind, in the name of each rank. */
    private static List<ByteBuffer> messages(long attempt) {
        return List.of(
                Wire.numbered(Wire.Code.HELLO, attempt, 0, "127.0.0.1:1\nother numerics"),
                Wire.numbered(Wire.Code.PEER, attempt, 1, ""),
                Wire.numbered(Wire.Code.BYE, attempt, 0, ""),
                Wire.failed(attempt, 1, false, RingException.Blame.LATE, 0, "a lie"),
                Wire.numbered(Wire.Code.ABORT, attempt, Node.DRIVER, "a lie"),
                Wire.heartbeat(attempt, Progress.computing(3)),
                Wire.grant(attempt, new Frame(Frame.Kind.PARAMETER_PIECE, 0, 1, 0)),
                Wire.report(attempt, 0, 1, new double[] {1}));
    }

    @Test
    void aBlockOfAnotherAttemptIsRefused() throws Exception {
        try (Circle circle = new Circle(RANKS);
                Stranger stranger = new Stranger(circle.driver().address(), Circle.plain(), false)) {
            ByteBuffer header =
                    Wire.block(1 + circle.attempt(), new Frame(Frame.Kind.GRADIENT_SUM, 0, 0, 0), Float.BYTES);

            assertThatThrownBy(() -> stranger.push(header, ByteBuffer.allocateDirect(Float.BYTES)))
                    .isInstanceOf(IOException.class);
            assertThat(circle.driver().cause()).isEmpty();
        }
    }

    @Test
    void aRankThatSendsABlockOfTheWrongLengthEndsTheAttemptAndIsNamed() throws Exception {
        for (int bytes : new int[] {4, 12}) { // for a place of 8
            try (Circle circle = new Circle(RANKS)) {
                Frame frame = new Frame(Frame.Kind.TEXT, 0, 0, 1);
                List<Future<Integer>> running = circle.start(node -> {
                    try {
                        if (node.rank() == 0) {
                            node.await(node.send(frame, 1, ByteBuffer.allocateDirect(bytes)), 1, "room");
                        } else {
                            ByteBuffer place = ByteBuffer.allocateDirect(8);
                            ByteBuffer come = node.await(node.receive(frame, 0, place), 0, frame.toString());
                            throw new IllegalStateException("it came with %d bytes".formatted(come.remaining()));
                        }
                        return 0;
                    } catch (RuntimeException e) {
                        node.giveUp(e, true);
                        throw e;
                    }
                });
                for (Future<Integer> each : running) {
                    assertThatThrownBy(() -> each.get(30, TimeUnit.SECONDS)).isInstanceOf(ExecutionException.class);
                }
                assertThat(circle.driver().cause()).isPresent();
            }
        }
    }

    @Test
    void whoDoesNotSayInTimeWhichRankItIsIsSentAway() throws Exception {
        RingSettings hasty = Circle.settings(
                Duration.ofSeconds(20), Duration.ofSeconds(20), Duration.ofMillis(50), Duration.ofMillis(400));
        try (Circle circle = new Circle(RANKS, hasty);
                Socket silent = new Socket(
                        InetAddress.getLoopbackAddress(),
                        circle.driver().address().port())) {
            silent.setSoTimeout(20_000);
            OutputStream out = silent.getOutputStream();
            out.write(new byte[] {0, 0, 0});

            assertThat(silent.getInputStream().read()).isEqualTo(-1);
            assertThat(circle.driver().cause()).isEmpty();
        }
    }
}
