package siglip.job.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.InetAddress;
import java.net.ServerSocket;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.config.PortRange;
import siglip.job.config.RingSettings;
import siglip.job.config.SettingsException;

class RingSecurityTest {
    private static final String OUTSIDE = "192.0.2.1"; // reserved for documents

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "spark.network.crypto.enabled=true | does nothing without authentication",
                "spark.authenticate.enableSaslEncryption=true | a hundred times slower",
                "spark.authenticate=true spark.authenticate.enableSaslEncryption=true | spark.network.crypto.enabled=true in its place",
                "spark.authenticate=true spark.network.crypto.enabled=true spark.network.crypto.saslFallback=true | weaker protocol",
                "spark.ssl.enabled=true | TLS between executors, which Spark 3.5 does not have",
                "spark.ssl.rpc.enabled=true | spark.ssl.ui.enabled",
            })
    void whatPromisesPrivacyAndDoesNotGiveItIsRefused(String settings, String why) {
        assertThatThrownBy(() -> RingSecurity.configure(conf(settings), "3.5.9"))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(why);
    }

    @Test
    void everythingThatIsWrongIsToldAtOnce() {
        assertThatThrownBy(() -> RingSecurity.configure(
                        conf("spark.network.crypto.enabled=true spark.ssl.enabled=true"), "3.5.9"))
                .hasMessageContaining("2 errors");
    }

    @ParameterizedTest
    @CsvSource({"3.5.8, true", "3.5.9, false", "3.5.10, false", "3.4.12, true", "4.0.0, false", "3.5.9-amzn-0, false"})
    void gcmIsRefusedWhereSparkLosesMessagesWithIt(String version, boolean refused) {
        String settings = "spark.authenticate=true spark.network.crypto.enabled=true spark.network.crypto.cipher=";

        assertThatCode(() -> RingSecurity.configure(conf(settings + "AES/CTR/NoPadding"), version))
                .doesNotThrowAnyException();
        if (refused) {
            assertThatThrownBy(() -> RingSecurity.configure(conf(settings + "AES/GCM/NoPadding"), version))
                    .hasMessageContaining("does not work in Spark " + version);
        } else {
            assertThatCode(() -> RingSecurity.configure(conf(settings + "AES/GCM/NoPadding"), version))
                    .doesNotThrowAnyException();
        }
    }

    @Test
    void theFallbackIsTurnedOffWhereNobodyHasSetIt() {
        SparkConf conf = conf("spark.authenticate=true spark.network.crypto.enabled=true");

        RingSecurity.configure(conf, "3.5.9");

        assertThat(conf.get("spark.network.crypto.saslFallback")).isEqualTo("false");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "spark://host:7077 | [spark.authenticate.secret S]",
                "yarn | Add --conf spark.authenticate=true --conf spark.network.crypto.enabled=true",
                "k8s://https://host | Spark makes a secret for each application",
                "local[2] | --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1",
            })
    void offLoopbackWithoutAuthenticationIsRefusedWithTheLinesThatTurnItOn(String master, String lines) {
        SparkConf conf = new SparkConf(false).set("spark.master", master);

        assertThatThrownBy(() -> RingSecurity.requireProtected(conf, Circle.SETTINGS, OUTSIDE))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining(OUTSIDE)
                .hasMessageContaining(lines)
                .hasMessageContaining("ring.allow-unauthenticated=true");
    }

    @ParameterizedTest
    @ValueSource(strings = {"0.0.0.0", "::", OUTSIDE, "no-such-host.invalid"})
    void whatIsNotLoopbackIsOutside(String bindHost) {
        assertThatThrownBy(() ->
                        RingSecurity.requireProtected(new SparkConf(false), Circle.SETTINGS, "127.0.0.1", bindHost))
                .hasMessageContaining("whoever reaches " + bindHost);
    }

    @Test
    void onLoopbackOrWithAuthenticationOrWhenAllowedOneMayListen() {
        RingSettings allowed = settings(PortRange.ANY, true);
        SparkConf plain = new SparkConf(false);

        assertThatCode(() -> RingSecurity.requireProtected(plain, Circle.SETTINGS, "127.0.0.1", "::1", "127.8.9.1"))
                .doesNotThrowAnyException();
        assertThatCode(() -> RingSecurity.requireProtected(plain, allowed, OUTSIDE))
                .doesNotThrowAnyException();
        assertThatCode(() -> RingSecurity.requireProtected(conf("spark.authenticate=true"), Circle.SETTINGS, OUTSIDE))
                .doesNotThrowAnyException();
    }

    @Test
    void noNodeListensOffLoopbackWithoutAuthentication() {
        SparkConf conf = Circle.plain();

        assertThatThrownBy(() -> DriverNode.open(
                                Circle.site(conf, "0.0.0.0"), 2, 1, Circle.SETTINGS, Circle::agree, () -> false)
                        .close())
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("0.0.0.0");
    }

    @Test
    void nodesListenOnTheFirstFreePortOfTheRangeAndSayWhenThereIsNone() throws Exception {
        SparkConf conf = Circle.plain();
        try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
            RingSettings settings = settings(new PortRange(taken.getLocalPort(), taken.getLocalPort()), false);

            assertThatThrownBy(() -> DriverNode.open(Circle.site(conf), 2, 1, settings, Circle::agree, () -> false)
                            .close())
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("all ports of ring.ports=%d are taken", taken.getLocalPort());

            RingSettings wider =
                    settings(new PortRange(taken.getLocalPort(), Math.min(65_535, taken.getLocalPort() + 20)), false);
            try (DriverNode node = DriverNode.open(Circle.site(conf), 2, 1, wider, Circle::agree, () -> false)) {
                assertThat(node.address().port())
                        .isBetween(taken.getLocalPort() + 1, wider.ports().last());
            }
        }
    }

    private static RingSettings settings(PortRange ports, boolean allow) {
        RingSettings usual = Circle.SETTINGS;
        return new RingSettings(
                usual.slotsTimeout(),
                usual.helloTimeout(),
                usual.waitTimeout(),
                usual.heartbeat(),
                usual.silence(),
                ports,
                allow);
    }

    private static SparkConf conf(String settings) {
        SparkConf conf = new SparkConf(false);
        for (String setting : settings.strip().split(" ", -1)) {
            String[] pair = setting.split("=", 2);
            conf.set(pair[0], pair[1]);
        }
        return conf;
    }
}
