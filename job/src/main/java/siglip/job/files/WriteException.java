package siglip.job.files;

import java.io.IOException;
import java.util.List;
import org.apache.hadoop.fs.Path;

/** A file could not be written: the disk is full or broken, or the file system refused. The message names the file. */
public final class WriteException extends IOException {
    private static final long serialVersionUID = 1L;

    /** What the system says; it has no exception of its own. */
    private static final List<String> FULL = List.of("No space left on device", "Disk quota exceeded");

    /** @param cause of which only the message is told */
    public WriteException(Path file, Throwable cause) {
        super("Cannot write %s: %s".formatted(file, reason(cause)), cause);
    }

    /** Whether a failure, by itself, says that a disk is full, also as Spark tells it of a task. */
    public static boolean isOfFullDisk(Throwable failure) {
        return failure.getMessage() != null && FULL.stream().anyMatch(failure.getMessage()::contains);
    }

    /** Hadoop wraps what a disk answers in an error without words of its own. */
    private static String reason(Throwable cause) {
        Throwable inner = cause;
        while (inner.getCause() != null) {
            inner = inner.getCause();
        }
        return inner.getMessage() == null ? inner.toString() : inner.getMessage();
    }
}
