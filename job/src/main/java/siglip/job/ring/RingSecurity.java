package siglip.job.ring;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.SparkConf;
import siglip.job.config.RingSettings;
import siglip.job.config.SettingsException;

/**
 * Who may talk to the ring. Ranks and driver use Spark's own authentication and encryption; here it is decided which of its
 * settings will do, and that without authentication nobody listens where others could connect.
 */
public final class RingSecurity {
    private static final String AUTHENTICATE = "spark.authenticate";
    private static final String CRYPTO = "spark.network.crypto.enabled";
    private static final String CIPHER = "spark.network.crypto.cipher";
    private static final String FALLBACK = "spark.network.crypto.saslFallback";
    private static final String SASL = "spark.authenticate.enableSaslEncryption";
    private static final String TURN_ON = " --conf spark.authenticate=true --conf spark.network.crypto.enabled=true";
    private static final int[] GCM_SINCE = {3, 5, 9}; // before, every message after the first was lost: SPARK-56227

    private RingSecurity() {}

    /**
     * Refuses settings of Spark that promise privacy and do not give it, and turns off the fallback to a weaker protocol where
     * nobody has set it.
     *
     * @param sparkVersion such as 3.5.9
     * @throws SettingsException with all that is wrong, each with what would do
     */
    public static void configure(SparkConf conf, String sparkVersion) {
        List<String> errors = new ArrayList<>();
        boolean authenticate = conf.getBoolean(AUTHENTICATE, false);
        boolean crypto = conf.getBoolean(CRYPTO, false);
        if (crypto && !authenticate) {
            errors.add(CRYPTO + "=true does nothing without authentication, from which its keys come: add --conf "
                    + AUTHENTICATE + "=true");
        }
        if (conf.getBoolean(SASL, false) && !crypto) {
            errors.add(SASL + "=true encrypts about a hundred times slower than AES, with outdated ciphers: set "
                    + CRYPTO + "=true in its place");
        }
        if (crypto && conf.getBoolean(FALLBACK, false)) {
            errors.add(FALLBACK + "=true lets a peer choose the weaker protocol: set it to false");
        }
        if (crypto && conf.get(CIPHER, "").contains("/GCM/") && before(sparkVersion, GCM_SINCE)) {
            errors.add(
                    "%s=%s does not work in Spark %s, which loses messages with it: use Spark 3.5.9, or AES/CTR/NoPadding"
                            .formatted(CIPHER, conf.get(CIPHER), sparkVersion));
        }
        for (String tls : List.of("spark.ssl.enabled", "spark.ssl.rpc.enabled")) {
            if (conf.getBoolean(tls, false)) {
                errors.add(tls + "=true asks for TLS between executors, which Spark 3.5 does not have. Encrypt with"
                        + TURN_ON + " and, for Spark's pages alone, set spark.ssl.ui.enabled");
            }
        }
        if (!errors.isEmpty()) {
            throw new SettingsException(errors);
        }
        if (crypto) {
            conf.setIfMissing(FALLBACK, "false");
        }
    }

    /**
     * Makes sure that a process may listen: on loopback alone, or with authentication, or because the settings allow it.
     *
     * @throws SettingsException if not, with the lines that turn authentication on
     */
    public static void requireProtected(Site site, RingSettings settings) {
        requireProtected(site.conf(), settings, site.host(), site.bindHost());
    }

    static void requireProtected(SparkConf conf, RingSettings settings, String... hosts) {
        if (settings.allowUnauthenticated() || conf.getBoolean(AUTHENTICATE, false)) {
            return;
        }
        List<String> exposed = Arrays.stream(hosts)
                .distinct()
                .filter(host -> !isLoopback(host))
                .toList();
        if (!exposed.isEmpty()) {
            throw new SettingsException(List.of(
                    "without authentication, whoever reaches %s could read and disturb the training. %s. On a network that nobody else can reach, ring.allow-unauthenticated=true does without"
                            .formatted(String.join(" and ", exposed), remedy(conf.get("spark.master", "")))));
        }
    }

    private static String remedy(String master) {
        if (master.startsWith("spark:")) {
            return "Write into conf/spark-defaults.conf of the master, of every worker and of the machine that submits"
                    + " [spark.authenticate true], [spark.authenticate.secret S] with the same S everywhere, and"
                    + " [spark.network.crypto.enabled true], readable by Spark's user alone, and restart master and workers";
        }
        if (master.startsWith("yarn") || master.startsWith("k8s")) {
            return "Add" + TURN_ON + "; Spark makes a secret for each application";
        }
        return "Add --conf spark.driver.host=127.0.0.1 --conf spark.driver.bindAddress=127.0.0.1, or" + TURN_ON
                + (master.startsWith("local-cluster") ? " and spark.authenticate.secret in a properties file" : "");
    }

    private static boolean isLoopback(String host) {
        try {
            return Arrays.stream(InetAddress.getAllByName(host)).allMatch(InetAddress::isLoopbackAddress);
        } catch (UnknownHostException e) {
            return false;
        }
    }

    /** Whether a version such as 3.5.9, with or without more behind it, is before another. */
    private static boolean before(String version, int[] other) {
        String[] parts = version.split("[^0-9]+", -1);
        for (int i = 0; i < other.length; i++) {
            int part = i < parts.length && !parts[i].isEmpty() ? Integer.parseInt(parts[i]) : 0;
            if (part != other[i]) {
                return part < other[i];
            }
        }
        return false;
    }
}
