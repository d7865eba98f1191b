package siglip.job.stability;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import java.util.function.IntToDoubleFunction;
import org.junit.jupiter.api.Test;
import siglip.job.stability.CollapseWatch.Stretch;

class CollapseWatchTest {
    private static final int PATIENCE = 20;
    private static final double CONSTANT = 6.543;

    private static CollapseWatch watched(int steps, IntToDoubleFunction loss) {
        CollapseWatch watch = new CollapseWatch(0, PATIENCE);
        for (int step = 0; step < steps; step++) {
            watch.step(step, loss.applyAsDouble(step), CONSTANT);
        }
        return watch;
    }

    @Test
    void anArmThatLearnsIsNeverNamed() {
        CollapseWatch watch = watched(500, step -> CONSTANT * Math.exp(-step / 100.0));

        assertThat(watch.now()).isEmpty();
        assertThat(watch.past()).isEmpty();
    }

    @Test
    void oneThatStaysAtTheConstantPredictorsLossHasCollapsedSinceItsFirstSuchStep() {
        CollapseWatch watch = watched(100, step -> step < 30 ? 65 : CONSTANT * (1 + 0.009 * Math.sin(step)));

        assertThat(watch.now()).contains(new Stretch(30, Optional.empty(), CONSTANT));
        assertThat(watch.now().orElseThrow().words())
                .isEqualTo(
                        "from step 30 on its loss is that of the best constant predictor (6.543 nats, within 1 %): it has learned nothing of its inputs");
    }

    @Test
    void fewerStepsThanThePatienceSayNothing() {
        assertThat(watched(PATIENCE - 1, step -> CONSTANT).now()).isEmpty();
        assertThat(watched(PATIENCE, step -> CONSTANT).now()).isPresent();
    }

    @Test
    void theStepsThatBeginAndEndAStretchAreTold() {
        CollapseWatch watch = new CollapseWatch(0, PATIENCE);
        for (int step = 0; step < 100; step++) {
            Optional<Stretch> told = watch.step(step, step < 50 ? CONSTANT : 0.9 * CONSTANT, CONSTANT);

            assertThat(told.isPresent()).as("step %d", step).isEqualTo(step == 19 || step == 69);
        }
        assertThat(watch.now()).isEmpty();
        assertThat(watch.past()).containsExactly(new Stretch(0, Optional.of(50L), CONSTANT));
        assertThat(watch.past().get(0).words()).startsWith("from step 0 to step 49 its loss was that");
    }

    @Test
    void aFewBetterStepsOrALossWorseThanTheConstantsAreNoWayBack() {
        CollapseWatch watch =
                watched(300, step -> step < 50 ? CONSTANT : step % 10 == 0 ? 0.5 * CONSTANT : 2 * CONSTANT);

        assertThat(watch.now()).isPresent();
    }

    @Test
    void theWarmUpDoesNotCount() {
        CollapseWatch watch = new CollapseWatch(100, PATIENCE);
        for (int step = 0; step < 120; step++) {
            watch.step(step, CONSTANT, CONSTANT);
        }

        assertThat(watch.now().orElseThrow().from()).isEqualTo(100);
    }

    @Test
    void withoutAConstantNothingIsSaid() {
        CollapseWatch watch = new CollapseWatch(0, PATIENCE);
        for (int step = 0; step < 100; step++) {
            assertThat(watch.step(step, CONSTANT, Double.NaN)).isEmpty();
        }
    }

    @Test
    void patienceIsATwentiethOfTheRunWithinBounds() {
        assertThat(CollapseWatch.patience(100)).isEqualTo(20);
        assertThat(CollapseWatch.patience(720)).isEqualTo(36);
        assertThat(CollapseWatch.patience(1_000_000)).isEqualTo(100);
    }
}
