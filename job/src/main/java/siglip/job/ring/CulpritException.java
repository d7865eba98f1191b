package siglip.job.ring;

/** An attempt failed, and the driver knows which rank made it fail. */
public final class CulpritException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int rank;
    private final boolean mendable;

    CulpritException(int rank, String why, boolean mendable) {
        super("Rank %d failed: %s".formatted(rank, why));
        this.rank = rank;
        this.mendable = mendable;
    }

    /** Whether another attempt may succeed. */
    public boolean mendable() {
        return mendable;
    }

    /** The rank at the end of the waiting chain. */
    public int rank() {
        return rank;
    }
}
