package siglip.job.data;

import java.util.Arrays;
import siglip.job.batches.PackedPairs;

/**
 * Some training pairs, for figures that need no more: the same for every source of batches.
 *
 * @param pairs among which they are
 * @param rows their places there, ascending; shared, not copied
 */
public record TrainingSample(PackedPairs pairs, int[] rows) {
    /** All of these pairs. */
    static TrainingSample all(PackedPairs pairs) {
        int[] rows = new int[pairs.rows()];
        Arrays.setAll(rows, i -> i);
        return new TrainingSample(pairs, rows);
    }
}
