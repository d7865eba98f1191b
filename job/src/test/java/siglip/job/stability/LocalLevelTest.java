package siglip.job.stability;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import siglip.job.report.SampleRun;

class LocalLevelTest {
    private static final int STEPS = 720;
    private static final int FIRST = Statistics.SHORTEST_WINDOW;
    private static final int[] PLANTED = {80, 300, 650};

    private final SplittableRandom random = new SplittableRandom(SampleRun.SEED);

    /** Falls twentyfold, as the gradient norm of a run that learns; noise of a tenth. */
    private double[] falling() {
        return IntStream.range(0, STEPS)
                .mapToDouble(i -> (0.2 + 3.8 * Math.exp(-i / 150.0)) * (1 + 0.1 * random.nextGaussian()))
                .toArray();
    }

    @Test
    void aFallingTrendIsNoSpike() {
        for (int run = 0; run < 20; run++) {
            LocalLevel level = LocalLevel.of(falling());

            assertThat(level.spikes(FIRST)).isZero();
            assertThat(Statistics.max(level.ratios(FIRST, STEPS))).isLessThan(1.6);
        }
    }

    @Test
    void norIsARisingOne() {
        double[] rising = IntStream.range(0, STEPS)
                .mapToDouble(i -> Math.exp(i / 100.0) * (1 + 0.05 * random.nextGaussian()))
                .toArray();

        assertThat(LocalLevel.of(rising).spikes(FIRST)).isZero();
    }

    @Test
    void spikesPlantedOnAFallingTrendAreFoundWhereThePublishedCountIsBlind() {
        double[] values = falling();
        for (int at : PLANTED) {
            values[at] *= 3;
        }
        LocalLevel level = LocalLevel.of(values);

        assertThat(level.spikes(FIRST)).isEqualTo(PLANTED.length);
        assertThat(Statistics.spikes(Statistics.spikeWindow(STEPS), values)).isLessThan(PLANTED.length);
        assertThat(Arrays.stream(level.ratios(FIRST, STEPS)).filter(ratio -> ratio > 1.7))
                .hasSize(PLANTED.length);
    }

    @Test
    void theMedianHidesNoTrendThatTheWholeRunsMedianShows() {
        double[] values = falling();

        assertThat(Statistics.max(values) / Statistics.median(values)).isGreaterThan(5);
    }

    @Test
    void gaussianNoiseHardlyEverSpikes() {
        double[] noise = IntStream.range(0, 50_000)
                .mapToDouble(i -> 100 + random.nextGaussian())
                .toArray();

        assertThat(LocalLevel.of(noise).spikes(LocalLevel.WINDOW)).isLessThanOrEqualTo(1);
    }

    @Test
    void aSpikeDoesNotHideTheNext() {
        double[] values = falling();
        values[300] *= 20;
        values[302] *= 3;

        assertThat(LocalLevel.of(values).spikes(FIRST)).isEqualTo(2);
    }

    @Test
    void whatStandsStillDoesNotSpikeByRounding() {
        double[] values = new double[200];
        Arrays.fill(values, 6.543);
        values[100] += 1e-9;

        assertThat(LocalLevel.of(values).spikes(FIRST)).isZero();
        values[150] *= 1.08;
        assertThat(LocalLevel.of(values).spikes(FIRST)).isOne();
    }

    @Test
    void theRatioIsThatToTheMedianOfTheStepsBeforeAlone() {
        double[] values = {1, 2, 3, 4, 5, 30, 60};

        assertThat(LocalLevel.of(values).ratios(0, 7)).containsExactly(10, 60 / 3.5);
        assertThat(LocalLevel.of(values).ratios(6, 7)).containsExactly(60 / 3.5);
        assertThat(LocalLevel.of(values).ratios(0, 5)).isEmpty();
        assertThat(LocalLevel.of(values).spikes(7)).isNaN();
    }

    @Test
    void stepsThatAreNoNumbersAreLeftOut() {
        double[] values = new double[100];
        Arrays.fill(values, 2);
        values[50] = Double.NaN;
        values[60] = Double.POSITIVE_INFINITY;

        assertThat(LocalLevel.of(values).ratios(FIRST, 100)).hasSize(78).containsOnly(1);
    }
}
