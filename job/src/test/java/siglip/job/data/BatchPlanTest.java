package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class BatchPlanTest {
    @Test
    void ranksShareABatchWithoutGapsWhateverTheirNumber() {
        for (int batch : new int[] {1, 2, 7, 10, 256, 257}) {
            BatchPlan plan = new BatchPlan(1000, batch, 1);
            for (int ranks = 1; ranks <= 9; ranks++) {
                assertThat(plan.firstRow(0, ranks)).isZero();
                assertThat(plan.firstRow(ranks, ranks)).isEqualTo(batch);
                for (int rank = 0; rank < ranks; rank++) {
                    assertThat(plan.rankRows(rank, ranks)).isBetween(batch / ranks, (batch + ranks - 1) / ranks);
                    for (int row = plan.firstRow(rank, ranks); row < plan.firstRow(rank + 1, ranks); row++) {
                        assertThat(plan.rankOf(row, ranks)).isEqualTo(rank);
                    }
                }
            }
        }
    }

    @Test
    void theRestOfAnEpochIsDropped() {
        BatchPlan plan = new BatchPlan(1000, 256, 1);

        assertThat(plan.batchesPerEpoch()).isEqualTo(3);
        assertThat(plan.epoch(2)).isZero();
        assertThat(plan.position(2)).isEqualTo(512);
        assertThat(plan.epoch(3)).isEqualTo(1);
        assertThat(plan.position(3)).isZero();
    }

    @Test
    void aBatchLargerThanTheTrainingSetIsRefusedWithBothNumbers() {
        assertThatThrownBy(() -> new BatchPlan(100, 256, 1))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("global batch of 256 pairs: the training set has 100");
    }

    @Test
    void halfOfTheCaptionsComeWithKeywordsAndEachRowBothWays() {
        BatchPlan plan = new BatchPlan(1000, 10, 7);
        int with = 0;
        int changed = 0;
        for (long id = 0; id < 1000; id++) {
            with += plan.withKeywords(0, id) ? 1 : 0;
            changed += plan.withKeywords(0, id) != plan.withKeywords(1, id) ? 1 : 0;
        }
        assertThat(with).isBetween(405, 595); // binomial, deviation 16: six of them
        assertThat(changed).isBetween(405, 595);
    }
}
