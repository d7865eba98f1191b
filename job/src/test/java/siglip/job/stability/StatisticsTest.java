package siglip.job.stability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import siglip.job.report.SampleRun;

class StatisticsTest {
    @Test
    void medianLeavesOutWhatIsNotFinite() {
        assertThat(Statistics.median(3, Double.NaN, 1, Double.POSITIVE_INFINITY, 2))
                .isEqualTo(2);
        assertThat(Statistics.median(4, 1, 2, 3)).isEqualTo(2.5);
        assertThat(Statistics.median()).isNaN();
    }

    @Test
    void theErrorOfAMeanComesFromTheDeviationOfTheValues() {
        assertThat(Statistics.mean(1, 2, 6)).isEqualTo(3);
        assertThat(Statistics.standardErrorOfMean(1, 2, 6)).isCloseTo(Math.sqrt(14.0 / 2 / 3), within(1e-15));
        assertThat(Statistics.standardErrorOfMean(5, 5, 5)).isZero();
        assertThat(Statistics.standardErrorOfMean(5)).isNaN();
    }

    @Test
    void theLargestOfABrokenRunIsInfinite() {
        assertThat(Statistics.max(1, Double.NaN)).isInfinite();
        assertThat(Statistics.max(1, 5, 3)).isEqualTo(5);
        assertThat(Statistics.max()).isNaN();
    }

    @Test
    void spikesAreCountedAgainstTheStepsBeforeThem() {
        SplittableRandom random = new SplittableRandom(SampleRun.SEED);
        double[] values =
                random.doubles(2000).toArray(); // deviation 0.29, farthest value 0.5 from the mean: below 2 deviations
        assertThat(Statistics.spikes(500, values)).isZero();

        values[700] = 10;
        values[1500] = -10;
        assertThat(Statistics.spikes(500, values)).isEqualTo(2);
    }

    @Test
    void aSlopeIsNoSpike() {
        double[] values = new double[2000];
        for (int i = 0; i < values.length; i++) {
            values[i] = Math.exp(-i / 400.0);
        }
        assertThat(Statistics.spikes(Statistics.spikeWindow(values.length), values))
                .isZero();
    }

    @Test
    void aRunTooShortIsNotJudged() {
        assertThat(Statistics.spikes(20, new double[Statistics.SHORTEST_WINDOW]))
                .isNaN();
        assertThat(Statistics.spikes(20, new double[Statistics.SHORTEST_WINDOW + 1]))
                .isZero();
    }

    @Test
    void theWindowIsAQuarterOfTheRunWithinBounds() {
        assertThat(Statistics.spikeWindow(10)).isEqualTo(20);
        assertThat(Statistics.spikeWindow(720)).isEqualTo(180);
        assertThat(Statistics.spikeWindow(100_000)).isEqualTo(1000);
    }

    /** Exact: the share p at which 10 or more of 100 hits have probability 0.005 is 0.0385. */
    @Test
    void theLeastShareIsThatOfClopperAndPearson() {
        assertThat(Statistics.leastShare(0.1, 100, 0.99)).isCloseTo(0.0385, within(5e-4));
        assertThat(Statistics.leastShare(0, 100, 0.99)).isZero();
        assertThat(Statistics.leastShare(Double.NaN, 0, 0.99)).isZero();
        assertThat(Statistics.leastShare(1, 100, 0.99)).isCloseTo(Math.pow(0.005, 0.01), within(1e-6));
    }

    @Test
    void theStandardErrorOfAShareIsTheBinomials() {
        // 1,400 queries at 40 %: sqrt(0.4 * 0.6 / 1400)
        assertThat(Statistics.standardError(0.4, 1400)).isCloseTo(0.01309307, within(1e-8));
        assertThat(Statistics.standardError(0.4, 0)).isNaN();
    }
}
