package siglip.job.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkConf;
import org.apache.spark.network.client.TransportClient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A ring under Spark's authentication and encryption, over real connections. */
@Timeout(120)
class PrivateRingTest {
    private static final int RANKS = 3;
    private static final long LAST = 4;

    @ParameterizedTest
    @EnumSource(names = "PLAIN", mode = EnumSource.Mode.EXCLUDE)
    void protectionChangesNoBitOfARun(Secured secured) throws Exception {
        float[] plain = run(Secured.PLAIN);

        assertThat(run(secured)).isEqualTo(plain);
    }

    private static float[] run(Secured secured) throws Exception {
        try (Circle circle = new Circle(RANKS, Circle.SETTINGS, secured.conf())) {
            return new RingRun(RANKS).run(circle, step -> step == LAST).parameters();
        }
    }

    @ParameterizedTest
    @EnumSource(names = "PLAIN", mode = EnumSource.Mode.EXCLUDE)
    void aWrongSecretIsRefusedWhenTheConnectionIsMade(Secured secured) {
        try (Circle circle = new Circle(2, Circle.SETTINGS, secured.conf())) {
            SparkConf wrong = secured.conf("another secret");

            assertThatThrownBy(() -> new Stranger(circle.driver().address(), wrong, true).close())
                    .isInstanceOf(Exception.class);
            assertThatThrownBy(() -> RankNode.join(
                                    Circle.site(wrong), circle.driver().rendezvous(), 0, "test", () -> false)
                            .close())
                    .isInstanceOf(RuntimeException.class);
            assertThat(circle.driver().cause()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource(names = "PLAIN", mode = EnumSource.Mode.EXCLUDE)
    void aConnectionThatIsNotAuthenticatedMayDoNothing(Secured secured) throws Exception {
        try (Circle circle = new Circle(2, Circle.SETTINGS, secured.conf())) {
            List<Future<Integer>> running = circle.start(node -> {
                Thread.sleep(1500);
                return 0;
            });
            circle.driver().assemble();
            long attempt = circle.attempt();
            Frame frame = new Frame(Frame.Kind.GRADIENT_SUM, 0, 0, 0);
            for (Wire.Code code : Wire.Code.values()) {
                ByteBuffer message = Wire.numbered(code, attempt, 0, Circle.HOST + ":1\ntest");
                assertRefused(circle, secured, stranger -> stranger.ask(message.duplicate()));
                oneWay(circle, secured, message);
            }
            oneWay(circle, secured, Wire.grant(attempt, frame));
            oneWay(circle, secured, Wire.report(attempt, 0, 0, new double[] {1}));
            assertRefused(
                    circle,
                    secured,
                    stranger -> stranger.push(Wire.block(attempt, frame, 8), ByteBuffer.allocateDirect(8)));
            assertRefused(circle, secured, Stranger::pullChunk);
            assertRefused(circle, secured, Stranger::pullStream);
            for (Future<Integer> each : running) {
                assertThat(each.get(30, TimeUnit.SECONDS)).isZero();
            }
            assertThat(circle.driver().nextReport()).isEmpty();
        }
    }

    @ParameterizedTest
    @EnumSource
    void nothingCanBePulledByAnybody(Secured secured) {
        try (Circle circle = new Circle(2, Circle.SETTINGS, secured.conf())) {
            boolean authenticate = secured != Secured.PLAIN;
            assertThatThrownBy(() -> with(circle, secured, authenticate, Stranger::pullChunk))
                    .isInstanceOf(IOException.class);
            assertThatThrownBy(() -> with(circle, secured, authenticate, Stranger::pullStream))
                    .isInstanceOf(IOException.class);
        }
    }

    @Test
    void bothQuestionsWhetherOneMayPullAreAnsweredWithNo() {
        NoPull nothing = new NoPull();
        TransportClient anybody = null; // whoever asks, also one whose connection says who it is

        assertThatThrownBy(() -> nothing.checkAuthorization(anybody, 0L)).isInstanceOf(SecurityException.class);
        assertThatThrownBy(() -> nothing.checkAuthorization(anybody, "0_0")).isInstanceOf(SecurityException.class);
        assertThatThrownBy(() -> nothing.getChunk(0, 0)).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> nothing.openStream("x")).isInstanceOf(UnsupportedOperationException.class);
    }

    @ParameterizedTest
    @EnumSource(names = "PLAIN", mode = EnumSource.Mode.EXCLUDE)
    void whoHasTheSecretButIsNoRankIsHeardAndRefused(Secured secured) throws Exception {
        try (Circle circle = new Circle(2, Circle.SETTINGS, secured.conf())) {
            assertThatThrownBy(() -> with(
                            circle,
                            secured,
                            true,
                            stranger -> stranger.ask(Wire.numbered(Wire.Code.BYE, circle.attempt(), 0, ""))))
                    .hasMessageContaining("it greeted on another connection");
            assertThatThrownBy(() -> with(
                            circle,
                            secured,
                            true,
                            stranger -> stranger.ask(Wire.numbered(Wire.Code.BYE, 1 + circle.attempt(), 0, ""))))
                    .hasMessageContaining("another attempt");
        }
    }

    /** What somebody does to the ring. */
    private interface Deed {
        void to(Stranger stranger) throws Exception;
    }

    private static void assertRefused(Circle circle, Secured secured, Deed deed) {
        assertThatThrownBy(() -> with(circle, secured, false, deed)).isInstanceOf(IOException.class);
    }

    private static void oneWay(Circle circle, Secured secured, ByteBuffer message) {
        assertThatCode(() -> with(
                        circle, secured, false, stranger -> stranger.client().send(message.duplicate())))
                .doesNotThrowAnyException();
    }

    private static void with(Circle circle, Secured secured, boolean authenticate, Deed deed) throws Exception {
        try (Stranger stranger = new Stranger(circle.driver().address(), secured.conf(), authenticate)) {
            deed.to(stranger);
        }
    }
}
