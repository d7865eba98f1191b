package siglip.job.stage;

/** The cluster has no room for all ranks at the same time. */
public final class SlotsException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public SlotsException(String message) {
        super(message);
    }
}
