package siglip.job.files;

import java.io.IOException;
import org.apache.hadoop.fs.Path;

/** A file could not be written: the disk is full or broken, or the file system refused. The message names the file. */
public final class WriteException extends IOException {
    private static final long serialVersionUID = 1L;

    /** @param cause of which only the message is told */
    public WriteException(Path file, Throwable cause) {
        super("Cannot write %s: %s".formatted(file, reason(cause)), cause);
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
