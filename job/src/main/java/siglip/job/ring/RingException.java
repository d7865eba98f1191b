package siglip.job.ring;

/** An attempt at a segment has failed in a way that another attempt may mend: a peer is gone, silent or broken. */
public final class RingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /** What a failure says of the peer that it names. */
    enum Blame {
        /** It was waited for in vain: whoever it waits for itself may be the cause. */
        LATE,
        /** Its connection is broken: it is gone, or the way to it is. What it said last about its own waiting is of the past. */
        GONE,
        /** Spark ended the task or interrupted it, for a reason that Spark knows: no peer is to blame, and not this rank either. */
        KILLED
    }

    private final int suspect;
    private final Blame blame;

    RingException(int suspect, Blame blame, String message, Throwable cause) {
        super(message, cause);
        this.suspect = suspect;
        this.blame = blame;
    }

    RingException(int suspect, String message) {
        this(suspect, Blame.LATE, message, null);
    }

    /** The peer whose message did not come or could not go; {@link Progress#NOBODY} when it is no peer's doing. */
    int suspect() {
        return suspect;
    }

    Blame blame() {
        return blame;
    }

    /** Spark wants the task to end. */
    static RingException killed(String message, Throwable cause) {
        return new RingException(Progress.NOBODY, Blame.KILLED, message, cause);
    }

    /** The connection to a peer is broken. */
    static RingException gone(int peer, String message, Throwable cause) {
        return new RingException(peer, Blame.GONE, message, cause);
    }

    /** A failure of a wait, for the reason that {@code cause} gives; suspect and blame are those of the cause where it has them. */
    static RingException lost(int peer, String what, Throwable cause) {
        String text = "Lost %s of %s: %s".formatted(what, Node.nameOf(peer), cause.getMessage());
        return cause instanceof RingException ring
                ? new RingException(ring.suspect, ring.blame, text, cause)
                : gone(peer, text, cause); // from the network: refused, or the connection broke
    }
}
