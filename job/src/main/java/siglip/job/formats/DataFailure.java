package siglip.job.formats;

import java.io.InterruptedIOException;
import java.net.SocketException;
import java.net.UnknownHostException;
import java.util.function.Supplier;
import org.apache.spark.SparkException;
import org.apache.spark.SparkThrowable;
import org.apache.spark.sql.AnalysisException;
import siglip.job.failures.RootCause;

/** Tells failures that the data are to blame for, which come out of Spark in several wrappings, from all others. */
public final class DataFailure {
    private DataFailure() {}

    /** Does what reads the data; where that fails because of them, the error is a {@link DataException}. */
    public static <T> T named(String path, Supplier<T> reading) {
        try {
            return reading.get();
        } catch (Exception e) {
            refuse(path, e);
            throw e;
        }
    }

    /**
     * Returns if the data are not to blame.
     *
     * @throws DataException if they are
     */
    public static void refuse(String path, Throwable failure) {
        for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
            if (cause instanceof DataException found) {
                throw found;
            }
            if (isOfData(cause)) {
                throw new DataException(
                        "Cannot read pairs from %s: %s".formatted(path, RootCause.line(cause)), failure);
            }
        }
    }

    /**
     * Damage within a file, or a predicate that fails at a value. Spark says alike of whatever stops it within a file, also of a network that another
     * try may find in order.
     */
    private static boolean isOfData(Throwable cause) {
        if (cause instanceof SparkException) {
            Throwable root = RootCause.of(cause);
            return cause.getCause() != null
                    && cause.getMessage().startsWith("Encountered error while reading file")
                    && !(root instanceof SocketException)
                    && !(root instanceof UnknownHostException)
                    && !(root instanceof InterruptedIOException);
        }
        return cause instanceof AnalysisException
                || isRaised(cause)
                || (cause instanceof SparkThrowable known
                        && cause instanceof Exception
                        && known.getErrorClass() != null
                        && !known.isInternalError());
    }

    /** Whether a predicate raised it with {@code raise_error} or {@code assert_true}: Spark gives it no kind of its own. */
    private static boolean isRaised(Throwable cause) {
        StackTraceElement[] trace = cause.getStackTrace();
        return cause.getClass() == RuntimeException.class
                && trace.length > 0
                && trace[0].getClassName().startsWith("org.apache.spark.sql.catalyst.expressions.");
    }
}
