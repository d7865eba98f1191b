package siglip.job.files;

import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;

/**
 * Gives back what Spark keeps, and waits until its executors have done so. The end of Spark rejects the answers of removals that are still under way, each
 * with a stack trace on the terminal: nothing that closes may leave one behind.
 */
public final class Release {
    private Release() {}

    /** A broadcast, which nobody may read any more. */
    public static void broadcast(Broadcast<?> sent) {
        quietly(() -> sent.destroy(true));
    }

    /** Rows that were persisted. */
    public static void rows(JavaRDD<?> rows) {
        quietly(() -> rows.unpersist(true));
    }

    /** An executor that has gone or hangs has nothing to give back, and Spark has warned of it in the log: no reason to end a run. */
    private static void quietly(Runnable removal) {
        try {
            removal.run();
        } catch (Exception e) { // Scala throws checked ones as well
            if (e instanceof InterruptedException) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
