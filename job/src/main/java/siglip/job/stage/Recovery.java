package siglip.job.stage;

import java.io.Serializable;
import java.util.Locale;

/**
 * How long a failure held up the training: from the last step before it to the first step after it, on the driver's clock. The
 * parts add up.
 *
 * @param attempt that went on
 * @param step its first
 * @param noticed until the driver knew, in seconds; holds what the failed attempt had done of the step
 * @param ended until the failed attempt was over for all ranks
 * @param slots until there was room for all ranks again, in seconds: an executor started anew
 * @param shuffled until the pairs that were lost with an executor were shuffled again
 * @param joined until all ranks were together again
 * @param redone until the step was done
 */
public record Recovery(
        int attempt,
        long step,
        double noticed,
        double ended,
        double slots,
        double shuffled,
        double joined,
        double redone)
        implements Serializable {
    /** All parts. */
    public double seconds() {
        return noticed + ended + slots + shuffled + joined + redone;
    }

    @Override
    public String toString() {
        return String.format(
                Locale.ROOT,
                "attempt %d went on with step %d after %.1f s: %.1f s to notice, %.1f s to end the failed attempt, %.1f s for free slots,%s %.1f s for the ranks to join, %.1f s for the step",
                attempt,
                step,
                seconds(),
                noticed,
                ended,
                slots,
                shuffled < 0.05 ? "" : String.format(Locale.ROOT, " %.1f s to shuffle,", shuffled),
                joined,
                redone);
    }
}
