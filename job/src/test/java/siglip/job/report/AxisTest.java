package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class AxisTest {
    @Test
    void linearAxesHoldTheirValuesAndAFewRoundTicks() {
        SplittableRandom random = new SplittableRandom(SampleRun.SEED);
        for (int i = 0; i < 2000; i++) {
            double low = random.nextDouble(-1, 1) * Math.pow(10, random.nextInt(-5, 8));
            double high = low + random.nextDouble(0.1, 1) * Math.pow(10, random.nextInt(-5, 8));
            Axis axis = Axis.linear(low, high, 4);
            double slack = 1e-6 * (high - low);

            assertThat(axis.low()).as("%s to %s", low, high).isLessThanOrEqualTo(low + slack);
            assertThat(axis.high()).as("%s to %s", low, high).isGreaterThanOrEqualTo(high - slack);
            assertThat(axis.ticks()).as("%s to %s", low, high).hasSizeBetween(2, 7);
        }
    }

    @Test
    void logarithmicAxesHoldTheirValuesAndAFewRoundTicks() {
        SplittableRandom random = new SplittableRandom(SampleRun.SEED);
        for (int i = 0; i < 2000; i++) {
            double low = Math.pow(10, random.nextDouble(-8, 8));
            double high = low * Math.pow(10, random.nextDouble(0, 9));
            Axis axis = Axis.logarithmic(low, high);

            assertThat(axis.position(low)).as("%s to %s", low, high).isBetween(-1e-6, 1 + 1e-6);
            assertThat(axis.position(high)).as("%s to %s", low, high).isBetween(-1e-6, 1 + 1e-6);
            assertThat(axis.ticks()).as("%s to %s", low, high).hasSizeBetween(1, 6);
            assertThat(axis.ticks()).allMatch(tick -> tick >= axis.low() * 0.999 && tick <= axis.high() * 1.001);
        }
    }

    @Test
    void ticksAreWrittenSoThatTheyDiffer() {
        SplittableRandom random = new SplittableRandom(SampleRun.SEED);
        for (int i = 0; i < 500; i++) {
            double span = Math.pow(10, random.nextInt(-4, 6));
            Axis axis = Axis.linear(0, span * random.nextDouble(0.2, 1), 4);
            TreeSet<String> labels = new TreeSet<>();
            axis.ticks().forEach(tick -> labels.add(axis.label(tick)));

            assertThat(labels).as("%s", axis).hasSameSizeAs(axis.ticks());
        }
    }

    @Test
    void oneValueAloneGetsAnAxisAroundIt() {
        for (double value : new double[] {0, 5, -3}) {
            assertThat(Axis.linear(value, value, 4).position(value)).isBetween(0.2, 0.8);
        }
        assertThat(Axis.counted(0, 0, 5).ticks()).containsExactly(0.0, 1.0);
        assertThat(Axis.logarithmic(1, 1).position(1)).isZero();
    }

    @Test
    void stepsEndWhereTheRunEndsAndHaveWholeTicks() {
        Axis axis = Axis.counted(0, 719, 5);

        assertThat(axis.high()).isEqualTo(719);
        assertThat(axis.ticks()).containsExactly(0.0, 200.0, 400.0, 600.0);
    }

    @Test
    void equalFactorsAreEqualDistancesOnALogarithmicAxis() {
        Axis axis = Axis.logarithmic(0.1, 1000);

        assertThat(axis.position(100) - axis.position(10)).isCloseTo(0.25, within(1e-12));
        assertThat(axis.shows(0)).isFalse();
        assertThat(axis.shows(Double.NaN)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({"0, 0", "0.05, 0.05", "250, 250", "20000, 20k", "1500000, 1.5M", "-5, −5", "0.000001, 1e-6"})
    void labelsAreShort(double tick, String label) {
        assertThat(Axis.linear(0, 1, 4).label(tick)).isEqualTo(label);
    }
}
