package siglip.job.ring;

/** An attempt failed, and the driver knows which rank made it fail. */
public final class CulpritException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What the culprit did. */
    public enum Fault {
        /** It said that it cannot go on, and why. */
        GAVE_UP,
        /** The same, and no other attempt would do better. */
        BEYOND_REPAIR,
        /** Its machine cannot compute as the others do; another in its place might. */
        UNFIT,
        /** Its connection broke: its process is gone, or the network is. */
        GONE,
        /** It sends nothing, neither heartbeats nor what others wait for; its process may still hold its place. */
        UNRESPONSIVE
    }

    private final int rank;
    private final Fault fault;

    CulpritException(int rank, Fault fault, String why) {
        super("Rank %d failed: %s".formatted(rank, why));
        this.rank = rank;
        this.fault = fault;
    }

    /** Whether another attempt may succeed. */
    public boolean mendable() {
        return fault != Fault.BEYOND_REPAIR;
    }

    public Fault fault() {
        return fault;
    }

    /** The rank at the end of the waiting chain. */
    public int rank() {
        return rank;
    }
}
