package siglip.job.batches;

import java.io.Serializable;
import siglip.job.order.Keyed;

/**
 * What is taken of a pair's texts when the pair comes up: a function of seed, epoch and row, the same for all arms.
 *
 * @param turn which of the row's texts in one batch it is, from 0
 * @param turns how many of a row's texts a batch holds
 */
public record CaptionDraw(long seed, long epoch, int turn, int turns) implements Serializable {
    /** Whether a row's caption is taken with its keywords; so in half of all cases. */
    public boolean withKeywords(long id) {
        return Keyed.bits(Keyed.Use.CAPTION, seed, epoch, id) < 0;
    }

    /** Which of a row's texts is taken, from 0 to {@code count - 1}, each as often as the others: in the next turn, the next. */
    public int text(long id, int count) {
        if (count == 1) {
            return 0;
        }
        long first = ((Keyed.bits(Keyed.Use.TEXT, seed, epoch, id) >>> 32) * count) >>> 32;
        return (int) ((first + turn) % count);
    }

    /** Which of a row's texts names its concept: the one that is taken, unless a batch holds several, which then are of one concept. */
    int concept(long id, int count) {
        return turns > 1 ? 0 : text(id, count);
    }
}
