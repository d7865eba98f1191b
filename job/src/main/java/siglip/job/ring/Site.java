package siglip.job.ring;

import org.apache.spark.SecurityManager;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;

/**
 * A process on the network: Spark's settings and keys there, and its names.
 *
 * @param host where others reach it
 * @param bindHost what it listens on
 */
public record Site(SparkConf conf, SecurityManager security, String host, String bindHost) {
    /** Where a task runs. */
    public static Site ofExecutor() {
        SparkEnv env = SparkEnv.get();
        String host = env.blockManager().blockManagerId().host();
        return new Site(env.conf(), env.securityManager(), host, host);
    }

    public static Site ofDriver() {
        Site site = ofExecutor();
        return new Site(site.conf, site.security, site.host, site.conf.get("spark.driver.bindAddress", site.host));
    }
}
