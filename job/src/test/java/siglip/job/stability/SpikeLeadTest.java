package siglip.job.stability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.NavigableMap;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import siglip.job.report.SampleRun;

/** Spikes and large ratios are planted, so that what must be found is known. */
class SpikeLeadTest {
    private static final int STEPS = 400;
    private static final int FROM = 20;

    private final Random random = new Random(SampleRun.SEED);

    /** A noisy loss that falls, with spikes. */
    private LocalLevel loss(int... spikes) {
        double[] values = new double[STEPS];
        Arrays.setAll(values, i -> 6 * Math.exp(-i / 100.0) + 1 + 0.02 * random.nextGaussian());
        for (int spike : spikes) {
            values[spike] *= 5;
        }
        return LocalLevel.of(values);
    }

    /** About 1, measured every {@code every} steps, and large at some. */
    private NavigableMap<Long, Double> ratios(int every, int... large) {
        NavigableMap<Long, Double> ratios = new TreeMap<>();
        for (long step = 0; step < STEPS; step += every) {
            ratios.put(step, 1 + 0.1 * random.nextGaussian());
        }
        for (int step : large) {
            ratios.put((long) step, 3.0);
        }
        return ratios;
    }

    @Test
    void everySpikeIsFoundWithItsLead() {
        SpikeLead lead = SpikeLead.of(loss(100, 200, 300), FROM, ratios(1, 97, 98, 197, 297));

        assertThat(lead.spikes()).isEqualTo(3);
        assertThat(lead.watched()).isEqualTo(3);
        assertThat(lead.preceded()).isEqualTo(3);
        assertThat(lead.steps()).isEqualTo(3);
        assertThat(lead.byChance()).isCloseTo((9 + 8 + 8) / 380.0, within(1e-12));
    }

    @Test
    void whatComesWithASpikeOrLongBeforeItDoesNotPrecedeIt() {
        SpikeLead lead = SpikeLead.of(loss(100, 200, 300), FROM, ratios(1, 100, 191, 292));

        assertThat(lead.preceded()).isEqualTo(1);
        assertThat(lead.steps()).isEqualTo(8);
    }

    @Test
    void spikesCloseTogetherAreOneAtItsFirstStep() {
        SpikeLead lead = SpikeLead.of(loss(100, 102, 105, 300), FROM, ratios(1, 101));

        assertThat(lead.spikes()).isEqualTo(2);
        assertThat(lead.preceded()).isZero();
        assertThat(lead.steps()).isNaN();
    }

    /** Every tenth step is measured: 108 sees 100, 200 sees nothing before it, and 305 sees 300. */
    @Test
    void aSpikeWithoutAMeasurementBeforeItDoesNotCount() {
        SpikeLead lead = SpikeLead.of(loss(108, 200, 305), FROM, ratios(10, 100));

        assertThat(lead.spikes()).isEqualTo(3);
        assertThat(lead.watched()).isEqualTo(2);
        assertThat(lead.preceded()).isEqualTo(1);
        assertThat(lead.steps()).isEqualTo(8);
    }

    @Test
    void withoutSpikesOrMeasurementsThereIsNothingToSay() {
        assertThat(SpikeLead.of(loss(), FROM, ratios(1, 50)).spikes()).isZero();
        SpikeLead none = SpikeLead.of(loss(100), FROM, new TreeMap<>());
        assertThat(none.watched()).isZero();
        assertThat(none.byChance()).isNaN();
    }
}
