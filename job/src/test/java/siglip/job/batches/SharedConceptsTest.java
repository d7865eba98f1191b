package siglip.job.batches;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Map;
import org.junit.jupiter.api.Test;

class SharedConceptsTest {
    /** All 70 batches of 4 out of 8 pairs, whose concepts are 0 0 0 1 1 2 3 4. */
    @Test
    void theAverageIsThatOverAllBatchesThatCanBeDrawn() {
        int[] concepts = {0, 0, 0, 1, 1, 2, 3, 4};
        int batches = 0;
        int shared = 0;
        for (int chosen = 0; chosen < 1 << 8; chosen++) {
            if (Integer.bitCount(chosen) != 4) {
                continue;
            }
            batches++;
            int[] counts = new int[5];
            for (int row = 0; row < 8; row++) {
                counts[concepts[row]] += chosen >> row & 1;
            }
            for (int count : counts) {
                shared += count > 1 ? count : 0;
            }
        }

        SharedConcepts sizes = new SharedConcepts(Map.of(3L, 1L, 2L, 1L, 1L, 3L));

        assertThat(sizes.perBatch(4)).isCloseTo((double) shared / batches, within(1e-12));
    }

    @Test
    void aBatchOfAllPairsHoldsEveryDuplicateAndAConceptOfOnePairIsNone() {
        assertThat(new SharedConcepts(Map.of(3L, 2L, 1L, 4L)).perBatch(10)).isEqualTo(6);
        assertThat(new SharedConcepts(Map.of(1L, 50L)).perBatch(10)).isZero();
        assertThat(new SharedConcepts(Map.of()).perBatch(10)).isZero();
    }

    @Test
    void oneConceptOfManyPairsFillsTheBatch() {
        assertThat(new SharedConcepts(Map.of(10_000_000L, 1L)).perBatch(256)).isCloseTo(256, within(1e-9));
    }
}
