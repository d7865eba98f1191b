package siglip.job.files;

import java.io.IOException;

/** Something lies where this program was to write, and may not be replaced. The message says what, and what would do. */
public final class TakenException extends IOException {
    private static final long serialVersionUID = 1L;

    TakenException(String message) {
        super(message);
    }
}
