package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import siglip.job.config.OptimizerSettings;

class ScheduleTest {
    private static final double PEAK = 0.008;

    private static Schedule schedule(long steps, long warmup, double last) {
        return new Schedule(
                new OptimizerSettings(
                        OptimizerSettings.Kind.ADAMW,
                        PEAK,
                        warmup,
                        last,
                        0.9,
                        0.95,
                        1e-8,
                        0,
                        1,
                        OptionalDouble.empty()),
                steps);
    }

    @Test
    void risesInEqualStepsToThePeak() {
        Schedule schedule = schedule(100, 4, 0);

        assertThat(schedule.at(0)).isEqualTo(PEAK / 4);
        assertThat(schedule.at(1)).isEqualTo(PEAK / 2);
        assertThat(schedule.at(3)).isEqualTo(PEAK);
        assertThat(schedule.at(4)).as("where the cosine begins").isEqualTo(PEAK);
    }

    @Test
    void fallsAlongHalfACosine() {
        Schedule schedule = schedule(104, 4, 0);

        assertThat(schedule.at(4 + 50)).isCloseTo(PEAK / 2, within(1e-15));
        assertThat(schedule.at(4 + 25)).isCloseTo(PEAK * (1 + Math.sqrt(0.5)) / 2, within(1e-15));
        for (int step = 5; step < 104; step++) {
            assertThat(schedule.at(step)).isLessThan(schedule.at(step - 1)).isPositive();
        }
    }

    @Test
    void endsAtTheFinalShareOfThePeakAndStaysThere() {
        Schedule schedule = schedule(50, 0, 0.1);

        assertThat(schedule.at(0)).isEqualTo(PEAK);
        assertThat(schedule.at(49)).isGreaterThan(0.1 * PEAK).isLessThan(0.11 * PEAK);
        assertThat(schedule.at(50)).isCloseTo(0.1 * PEAK, within(1e-15));
        assertThat(schedule.at(90)).isCloseTo(0.1 * PEAK, within(1e-15));
    }

    @Test
    void aWarmUpAsLongAsTheTrainingNeverFalls() {
        Schedule schedule = schedule(10, 10, 0);

        assertThat(schedule.at(9)).isEqualTo(PEAK);
        assertThat(schedule.at(10)).isEqualTo(PEAK);
    }
}
