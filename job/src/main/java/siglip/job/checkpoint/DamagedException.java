package siglip.job.checkpoint;

import java.io.IOException;

/** A checkpoint is not whole, or not what was written. */
final class DamagedException extends IOException {
    private static final long serialVersionUID = 1L;

    DamagedException(String message) {
        super(message);
    }

    DamagedException(String message, Throwable cause) {
        super(message, cause);
    }
}
