package siglip.job.ring;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.PooledByteBufAllocator;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.net.SocketException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.apache.logging.log4j.Level;
import org.apache.logging.log4j.LogManager;
import org.apache.logging.log4j.core.config.Configurator;
import org.apache.spark.network.client.TransportClient;
import org.apache.spark.network.util.NettyUtils;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Strangers send mutations of recorded traffic to the driver and the ranks of a ring at work, whose numbers stay those of an
 * undisturbed run. The strangers know the number of the attempt; some have the secret. {@code -Dfuzz.frames=N} sends N frames.
 */
@Timeout(3600)
class RingFuzzTest {
    private static final int RANKS = 2;
    private static final long FRAMES = Long.getLong("fuzz.frames", 4_000);
    private static final long SEED = Long.getLong("test.seed", 1);
    private static final int SENDERS = 2;
    private static final Path HANDLES = Path.of("/proc/self/fd");

    private static final String NETWORK = "org.apache.spark.network";

    private static Traffic recorded;
    private static Level level;

    /** Spark tells of each message that it cannot read, with a stack trace. */
    @BeforeAll
    static void silence() {
        level = LogManager.getLogger(NETWORK).getLevel();
        Configurator.setLevel(NETWORK, Level.OFF);
    }

    @AfterAll
    static void unsilence() {
        Configurator.setLevel(NETWORK, level);
    }

    @BeforeAll
    static void record() throws Exception {
        List<byte[]> bytes;
        try (Circle circle = new Circle(RANKS);
                Relay relay = new Relay(circle.driver().address())) {
            circle.enterBy(relay.address());
            new RingRun(RANKS).run(circle, step -> step == 5);
            bytes = relay.recorded();
        }
        recorded = Traffic.of(bytes);
    }

    @Test
    void theRecordedTrafficHoldsEveryMessageBetweenRanksAndDriver() {
        for (Wire.Code code : List.of(
                Wire.Code.HELLO,
                Wire.Code.PEER,
                Wire.Code.BYE,
                Wire.Code.GRANT,
                Wire.Code.HEARTBEAT,
                Wire.Code.REPORT,
                Wire.Code.BLOCK)) {
            assertThat(recorded.count(code)).as("%s", code).isPositive();
        }
    }

    @ParameterizedTest
    @EnumSource(names = {"PLAIN", "GCM"})
    void aRingAtWorkMindsNoMutantOfItsTraffic(Secured secured) throws Exception {
        warmUp(secured);
        await("the handles of earlier rings to close", () -> ringThreads() == 0);
        long handles = handles();
        long pinned = pinned();
        long frames = FRAMES / 2;
        RingRun.Result disturbed;
        AtomicLong sent = new AtomicLong();
        try (Circle circle = new Circle(RANKS, Circle.SETTINGS, secured.conf())) {
            ExecutorService threads = Executors.newFixedThreadPool(SENDERS);
            List<Future<?>> senders = new ArrayList<>();
            try {
                disturbed = new RingRun(RANKS).run(circle, step -> {
                    if (step == 0) {
                        for (int i = 0; i < SENDERS; i++) {
                            SplittableRandom random = new SplittableRandom(SEED * SENDERS + i);
                            senders.add(threads.submit(() -> send(circle, secured, random, sent, frames)));
                        }
                    }
                    pause();
                    return senders.stream().allMatch(Future::isDone);
                });
                for (Future<?> each : senders) {
                    each.get(1, TimeUnit.SECONDS);
                }
            } finally {
                threads.shutdownNow();
            }
            assertThat(circle.driver().cause()).isEmpty();
        }
        assertThat(sent.get()).isGreaterThanOrEqualTo(frames);
        try (Circle circle = new Circle(RANKS, Circle.SETTINGS, secured.conf())) {
            RingRun.Result alone = new RingRun(RANKS).run(circle, step -> step + 1 == disturbed.steps());
            assertThat(disturbed.parameters()).isEqualTo(alone.parameters());
        }
        await("the ring's threads to end", () -> ringThreads() == 0);
        await("the file handles to close", () -> handles() <= handles);
        await("the network's memory to come back", () -> pinned() <= pinned);
    }

    /** What is loaded and opened once, such as the random source. */
    private static void warmUp(Secured secured) throws Exception {
        try (Circle circle = new Circle(RANKS, Circle.SETTINGS, secured.conf())) {
            new RingRun(RANKS).run(circle, step -> {
                if (step == 0) {
                    send(circle, secured, new SplittableRandom(SEED), new AtomicLong(), 50);
                }
                return step == 3;
            });
        }
    }

    private static void send(Circle circle, Secured secured, SplittableRandom random, AtomicLong sent, long frames) {
        Traffic traffic = recorded.with(messages(circle.attempt()), headers(circle.attempt()));
        List<Address> targets = new CopyOnWriteArrayList<>(circle.addresses());
        try {
            while (sent.get() < frames) {
                Address target = targets.get(random.nextInt(targets.size()));
                if (secured != Secured.PLAIN && random.nextInt(200) == 0) {
                    sent.addAndGet(withTheSecret(target, secured, traffic, random, circle.attempt()));
                } else {
                    sent.addAndGet(raw(target, traffic, random, circle.attempt()));
                }
            }
        } catch (IOException | InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Some frames, in no order and now and then twice, in parts as they come; then goes without a word. */
    private static int raw(Address to, Traffic traffic, SplittableRandom random, long attempt) throws IOException {
        int count = random.nextInt(12);
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), to.port())) {
            socket.setSoLinger(random.nextInt(8) > 0, 0); // most reset the connection, which leaves no port waiting
            OutputStream out = socket.getOutputStream();
            for (int i = 0; i < count; i++) {
                byte[] frame = traffic.mutant(random, attempt);
                int first = random.nextInt(8) == 0 ? random.nextInt(frame.length + 1) : frame.length;
                out.write(frame, 0, first);
                out.write(frame, first, frame.length - first);
                if (random.nextInt(10) == 0) {
                    out.write(frame);
                }
            }
            if (random.nextInt(4) == 0) {
                socket.setSoTimeout(5);
                readSome(socket);
            }
        } catch (SocketException closedByTheRing) {
            // so it should be
        }
        return count;
    }

    private static void readSome(Socket socket) throws IOException {
        try {
            socket.getInputStream().readNBytes(64);
        } catch (java.net.SocketTimeoutException nothing) {
            // no answer is an answer
        }
    }

    /** Messages within frames that are whole, of somebody who is let in and is no rank. */
    private static int withTheSecret(
            Address to, Secured secured, Traffic traffic, SplittableRandom random, long attempt)
            throws IOException, InterruptedException {
        int count = 20;
        try (Stranger stranger = new Stranger(to, secured.conf(), true)) {
            for (int i = 0; i < count; i++) {
                ByteBuffer message = ByteBuffer.wrap(traffic.message(random, attempt));
                TransportClient client = stranger.client();
                switch (random.nextInt(3)) {
                    case 0 -> stranger.request(message);
                    case 1 -> client.send(message);
                    default -> Endpoint.push(client, message, ByteBuffer.allocateDirect(random.nextInt(64)), why -> {});
                }
            }
        }
        return count;
    }

    /** What ranks say to each other, and what only a failing ring says. */
    private static List<ByteBuffer> messages(long attempt) {
        return List.of(
                Wire.numbered(Wire.Code.HELLO, attempt, 1, "127.0.0.1:1\nother numerics"),
                Wire.numbered(Wire.Code.PEER, attempt, 0, ""),
                Wire.numbered(Wire.Code.PEER, attempt, 1, ""),
                Wire.numbered(Wire.Code.BYE, attempt, 0, ""),
                Wire.failed(attempt, 0, false, RingException.Blame.LATE, 1, "a lie"),
                Wire.numbered(Wire.Code.ABORT, attempt, Node.DRIVER, "a lie"),
                Wire.grant(attempt, new Frame(Frame.Kind.TEXT, 0, 3, 1)),
                Wire.grant(attempt, new Frame(Frame.Kind.PARAMETER_PIECE, 0, 3, 0)));
    }

    private static List<ByteBuffer> headers(long attempt) {
        List<ByteBuffer> headers = new ArrayList<>();
        for (Frame.Kind kind : Frame.Kind.values()) {
            headers.add(Wire.block(attempt, new Frame(kind, 0, 3, kind.ring() ? 1 : 0), 16));
        }
        return headers;
    }

    private static void pause() {
        try {
            Thread.sleep(5);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static void await(String what, BooleanSupplier holds) throws InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
        while (!holds.getAsBoolean()) {
            assertThat(System.nanoTime()).as("waited 30 s for %s", what).isLessThan(deadline);
            Thread.sleep(50);
        }
    }

    private static long ringThreads() {
        return Thread.getAllStackTraces().keySet().stream()
                .filter(thread -> thread.getName().startsWith("ring-"))
                .count();
    }

    private static long handles() {
        try (Stream<Path> open = Files.list(HANDLES)) {
            return open.count();
        } catch (IOException e) {
            throw new IllegalStateException("Cannot count the open files in " + HANDLES, e);
        }
    }

    /** Bytes of the network's pools that somebody holds. */
    private static long pinned() {
        PooledByteBufAllocator cached = NettyUtils.getSharedPooledByteBufAllocator(true, true);
        PooledByteBufAllocator plain = NettyUtils.getSharedPooledByteBufAllocator(true, false);
        return cached.pinnedDirectMemory()
                + cached.pinnedHeapMemory()
                + plain.pinnedDirectMemory()
                + plain.pinnedHeapMemory();
    }
}
