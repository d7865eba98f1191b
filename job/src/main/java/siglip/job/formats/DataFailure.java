package siglip.job.formats;

import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.function.Supplier;
import org.apache.spark.SparkException;
import siglip.job.config.FirstLine;

/** Tells failures that the data are to blame for, which come out of Spark in several wrappings, from all others. */
public final class DataFailure {
    private DataFailure() {}

    /** Does what reads the data; where that fails because of them, the error is a {@link DataException}. */
    public static <T> T named(String path, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (Exception e) {
            for (Throwable cause = e; cause != null; cause = cause.getCause()) {
                if (cause instanceof DataException found) {
                    throw found;
                }
                if (isUnreadable(cause)) {
                    throw new DataException(
                            "Cannot read pairs from %s: %s".formatted(path, FirstLine.of(cause) + " " + root(cause)),
                            e);
                }
            }
            throw e;
        }
    }

    /** Spark says so of whatever stops it within a Parquet file: damage, or a network that another try may find in order. */
    private static boolean isUnreadable(Throwable cause) {
        return cause instanceof SparkException
                && cause.getCause() != null
                && cause.getMessage().startsWith("Encountered error while reading file")
                && !(root(cause) instanceof SocketException)
                && !(root(cause) instanceof UnknownHostException)
                && !(root(cause) instanceof InterruptedIOException);
    }

    private static Throwable root(Throwable top) {
        Throwable cause = top;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return cause;
    }
}
