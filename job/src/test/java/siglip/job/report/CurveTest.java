package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class CurveTest {
    private static final int BUCKETS = 160;

    @Test
    void thinningKeepsEverySpikeHoweverLongTheRun() {
        SplittableRandom random = new SplittableRandom(SampleRun.SEED);
        for (int length : new int[] {641, 1000, 4096, 100_000}) {
            double[] values = random.doubles(length).toArray();
            int up = random.nextInt(length);
            int down = (up + length / 2) % length;
            values[up] = 100;
            values[down] = -100;

            int[] kept = Curve.thinned(values, BUCKETS);

            assertThat(kept).as("length %d", length).contains(up, down, 0, length - 1);
            assertThat(kept.length).as("length %d", length).isLessThanOrEqualTo(4 * BUCKETS);
            assertThat(kept).isSorted().doesNotHaveDuplicates();
        }
    }

    @Test
    void thinningByStridesWouldLoseTheSpike() {
        double[] values = new double[100_000];
        values[50_001] = 100;

        int[] strided = IntStream.range(0, 4 * BUCKETS)
                .map(i -> i * (values.length / (4 * BUCKETS)))
                .toArray();

        assertThat(strided).doesNotContain(50_001);
        assertThat(Curve.thinned(values, BUCKETS)).contains(50_001);
    }

    @Test
    void thinningKeepsBothEdgesOfAGap() {
        double[] values = new double[10_000];
        Arrays.fill(values, 7_001, 7_004, Double.NaN);

        assertThat(Curve.thinned(values, BUCKETS)).contains(7_001, 7_004);
    }

    @Test
    void fewValuesAreAllKept() {
        assertThat(Curve.thinned(new double[] {1, Double.NaN, 3}, BUCKETS)).containsExactly(0, 1, 2);
        assertThat(Curve.thinned(new double[0], BUCKETS)).isEmpty();
    }

    @Test
    void smoothingIsTheRunningMedianAndCoversTheWholeRun() {
        double[] steps = IntStream.range(0, 1000).asDoubleStream().toArray();
        double[] values = steps.clone();
        values[500] = 1e9;
        Curve smooth = new Curve("raw", "arm0", Curve.Style.FAINT, steps, values).smoothed("smooth", 51, 160);

        assertThat(smooth.x()[0]).isZero();
        assertThat(smooth.last()).isBetween(970.0, 999.0);
        assertThat(Arrays.stream(smooth.y()).max().orElse(0)).isLessThan(1000);
    }
}
