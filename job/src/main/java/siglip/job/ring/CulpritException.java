package siglip.job.ring;

/** An attempt failed, and the driver knows which rank made it fail. */
public final class CulpritException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int rank;

    CulpritException(int rank, String why) {
        super("Rank %d failed: %s".formatted(rank, why));
        this.rank = rank;
    }

    /** The rank at the end of the waiting chain. */
    public int rank() {
        return rank;
    }
}
