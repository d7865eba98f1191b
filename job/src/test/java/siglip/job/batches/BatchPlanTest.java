package siglip.job.batches;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;
import siglip.job.formats.DataException;
import siglip.job.order.Slices;

class BatchPlanTest {
    @Test
    void ranksShareABatchWithoutGapsWhateverTheirNumber() {
        for (int batch : new int[] {1, 2, 7, 10, 256, 257}) {
            for (int ranks = 1; ranks <= 9; ranks++) {
                Slices slices = new BatchPlan(1000, batch, 1, 1).slices(ranks);
                assertThat(slices.start(0)).isZero();
                assertThat(slices.start(ranks)).isEqualTo(batch);
                for (int rank = 0; rank < ranks; rank++) {
                    assertThat(slices.size(rank)).isBetween(batch / ranks, (batch + ranks - 1) / ranks);
                    for (int row = slices.start(rank); row < slices.start(rank + 1); row++) {
                        assertThat(slices.rankOf(row)).isEqualTo(rank);
                    }
                }
            }
        }
    }

    @Test
    void theRestOfAnEpochIsDropped() {
        BatchPlan plan = new BatchPlan(1000, 256, 1, 1);

        assertThat(plan.batchesPerEpoch()).isEqualTo(3);
        assertThat(plan.epoch(2)).isZero();
        assertThat(plan.position(2)).isEqualTo(512);
        assertThat(plan.epoch(3)).isEqualTo(1);
        assertThat(plan.position(3)).isZero();
    }

    @Test
    void independentBatchesAreEachTheFirstOfAnEpochAndMayShareRows() {
        BatchPlan plan = new BatchPlan(1000, 256, 1, 1, BatchPlan.Epochs.FIRST_BATCH);
        Set<Long> rows = new HashSet<>();
        int repeated = 0;
        for (long batch = 0; batch < 8; batch++) {
            assertThat(plan.position(batch)).isZero();
            for (int row = 0; row < 256; row++) {
                repeated += rows.add(plan.idAt(plan.order(plan.epoch(batch)), row)) ? 0 : 1;
            }
        }
        // of 1,000 rows (1 - 0.256)^8 = 9.4 % are in no batch, by a deviation of less than 10 rows
        assertThat(rows.size()).isBetween(906 - 40, 906 + 40);
        assertThat(repeated).isEqualTo(8 * 256 - rows.size());
    }

    @Test
    void aBatchLargerThanTheTrainingSetIsRefusedWithBothNumbers() {
        assertThatThrownBy(() -> new BatchPlan(100, 256, 1, 1))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("global batch of 256 pairs: the training set has 100");
    }

    @Test
    void halfOfTheCaptionsComeWithKeywordsAndEachRowBothWays() {
        BatchPlan plan = new BatchPlan(1000, 10, 1, 7);
        int with = 0;
        int changed = 0;
        for (long id = 0; id < 1000; id++) {
            with += plan.draw(0, 0).withKeywords(id) ? 1 : 0;
            changed += plan.draw(0, 0).withKeywords(id) != plan.draw(1, 0).withKeywords(id) ? 1 : 0;
        }
        assertThat(with).isBetween(405, 595); // binomial, deviation 16: six of them
        assertThat(changed).isBetween(405, 595);
    }
}
