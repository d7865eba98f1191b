package siglip.job.batches;

import java.io.Serializable;
import siglip.job.order.Keyed;

/** What is taken of a pair's texts each time the pair comes up: a function of seed, epoch and row, the same for all arms. */
public record CaptionDraw(long seed, long epoch) implements Serializable {
    /** Whether a row's caption is taken with its keywords; so in half of all cases. */
    public boolean withKeywords(long id) {
        return Keyed.bits(Keyed.Use.CAPTION, seed, epoch, id) < 0;
    }

    /** Which of a row's texts is taken, from 0 to {@code count - 1}, each as often as the others. */
    public int text(long id, int count) {
        return count == 1 ? 0 : (int) (((Keyed.bits(Keyed.Use.TEXT, seed, epoch, id) >>> 32) * count) >>> 32);
    }
}
