package siglip.job.ring;

/** Ranks of one run would compute with different code; another attempt on the same machines would as well. */
public final class NumericsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public NumericsException(String message) {
        super(message);
    }

    public NumericsException(String message, Throwable cause) {
        super(message, cause);
    }
}
