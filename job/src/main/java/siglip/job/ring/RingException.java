package siglip.job.ring;

/** An attempt at a segment has failed in a way that another attempt may mend: a peer is gone, silent or broken. */
public final class RingException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final int suspect;

    RingException(int suspect, String message, Throwable cause) {
        super(message, cause);
        this.suspect = suspect;
    }

    RingException(int suspect, String message) {
        this(suspect, message, null);
    }

    /** The peer whose message did not come or could not go; {@link Progress#NOBODY} when it is no peer's doing. */
    int suspect() {
        return suspect;
    }

    /** A failure of a wait, for the reason that {@code cause} gives; the suspect is that of the cause where it has one. */
    static RingException lost(int peer, String what, Throwable cause) {
        int suspect = cause instanceof RingException ring ? ring.suspect() : peer;
        return new RingException(
                suspect, "Lost %s of %s: %s".formatted(what, Node.nameOf(peer), cause.getMessage()), cause);
    }
}
