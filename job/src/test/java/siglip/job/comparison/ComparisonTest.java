package siglip.job.comparison;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class ComparisonTest {
    @Test
    void aLongEvaluationTellsWhatTheOthersTake() {
        assertThat(Comparison.stillToCome(240, 6).orElseThrow())
                .startsWith("an evaluation takes 240 s, and 6 more take about 24 min: ");
        assertThat(Comparison.stillToCome(240, 0)).isEmpty();
        assertThat(Comparison.stillToCome(2, 100)).isEmpty();
    }
}
