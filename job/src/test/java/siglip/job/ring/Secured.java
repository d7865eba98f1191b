package siglip.job.ring;

import org.apache.spark.SparkConf;

/** How the connections of a test's ring are protected. */
enum Secured {
    PLAIN,
    AUTHENTICATED,
    CTR,
    GCM;

    static final String SECRET = "the secret of the ring's tests";

    SparkConf conf() {
        return conf(SECRET);
    }

    SparkConf conf(String secret) {
        SparkConf conf = Circle.plain();
        if (this != PLAIN) {
            conf.set("spark.authenticate", "true").set("spark.authenticate.secret", secret);
        }
        if (this == CTR || this == GCM) {
            conf.set("spark.network.crypto.enabled", "true");
            conf.set("spark.network.crypto.cipher", "AES/%s/NoPadding".formatted(name()));
        }
        return conf;
    }
}
