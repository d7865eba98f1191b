package siglip.job.formats;

/** The data cannot be used as the settings ask. The message says what was found and what would do; trying again does not help. */
public final class DataException extends RuntimeException {
    public DataException(String message) {
        super(message);
    }

    public DataException(String message, Throwable cause) {
        super(message, cause);
    }
}
