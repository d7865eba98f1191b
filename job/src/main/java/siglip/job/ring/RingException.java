package siglip.job.ring;

import java.io.IOException;
import java.nio.channels.ClosedChannelException;
import java.util.regex.Pattern;

/** An attempt at a segment has failed in a way that another attempt may mend: a peer is gone, silent or broken. */
public final class RingException extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final Pattern ENDED =
            Pattern.compile("connection (from \\S+ closed|reset)|broken pipe", Pattern.CASE_INSENSITIVE);

    /** What a failure says of the peer that it names. */
    enum Blame {
        /** It was waited for in vain: whoever it waits for itself may be the cause. */
        LATE,
        /** Its connection is broken: it is gone, or the way to it is. What it said last about its own waiting is of the past. */
        GONE,
        /** It cannot compute as the others do. */
        UNFIT,
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

    /** The connection to a peer has ended. */
    static RingException closed(int peer, Throwable cause) {
        return gone(peer, "The connection to " + Node.nameOf(peer) + " closed", cause);
    }

    /**
     * A message to or from a peer failed on its way. Where that is because the connection ended, the words are those of
     * {@link #closed}: a failed message and the end itself may be noticed in either order.
     *
     * @param what could not be done
     */
    static RingException broken(int peer, String what, Throwable cause) {
        return ended(cause) ? closed(peer, cause) : gone(peer, what + ": " + cause.getMessage(), cause);
    }

    private static boolean ended(Throwable cause) {
        for (Throwable at = cause; at != null; at = at.getCause()) {
            if (at instanceof ClosedChannelException
                    || (at instanceof IOException
                            && ENDED.matcher(String.valueOf(at.getMessage())).find())) {
                return true;
            }
        }
        return false;
    }

    /** A failure of a wait, for the reason that {@code cause} gives; suspect and blame are those of the cause where it has them. */
    static RingException lost(int peer, String what, Throwable cause) {
        String lost = "Lost %s of %s".formatted(what, Node.nameOf(peer));
        if (cause instanceof RingException ring) {
            return new RingException(ring.suspect, ring.blame, lost + ": " + ring.getMessage(), ring);
        }
        return ended(cause) ? lost(peer, what, closed(peer, cause)) : broken(peer, lost, cause);
    }
}
