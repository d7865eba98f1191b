package siglip.job.optimizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Optional;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.job.config.OptimizerSettings;
import siglip.job.config.TowerTraining;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ParameterLayout;

/** What towers of their own pace do to an optimizer. */
class ParameterGroupsTest {
    private static final int IMAGE = 3;
    private static final int TEXT = 2;
    private static final ParameterLayout LAYOUT = new ParameterLayout(IMAGE, TEXT, 2, 2);
    private static final boolean[] DECAYED = {true, true, false, true, false};

    private static TowerTraining tower(double factor, boolean decay) {
        return new TowerTraining(Optional.empty(), factor, decay);
    }

    @Test
    void aGroupEndsWhereTheTowerOrTheDecayChanges() {
        assertThat(ParameterGroups.of(LAYOUT, DECAYED, tower(0.5, true), tower(1, false))
                        .dense())
                .containsExactly(
                        new ParameterGroups.Group(0, 2, 0.5, true),
                        new ParameterGroups.Group(2, 3, 0.5, false),
                        new ParameterGroups.Group(3, 4, 1, false),
                        new ParameterGroups.Group(4, 5, 1, false));
    }

    @ParameterizedTest
    @EnumSource
    void aFrozenTowerStaysWithItsTableAndTheOtherMovesAsItWouldAlone(OptimizerSettings.Kind kind) {
        Slot frozenText = move(kind, ParameterGroups.of(LAYOUT, DECAYED, TowerTraining.WHOLE, tower(0, true)));
        Slot whole = move(kind, ParameterGroups.of(LAYOUT, DECAYED, TowerTraining.WHOLE, TowerTraining.WHOLE));

        assertThat(Arrays.copyOfRange(frozenText.dense(), IMAGE, IMAGE + TEXT)).containsOnly(1);
        assertThat(frozenText.table()).containsOnly(1);
        assertThat(Arrays.copyOf(frozenText.dense(), IMAGE))
                .isEqualTo(Arrays.copyOf(whole.dense(), IMAGE))
                .doesNotContain(1);
        assertThat(Arrays.copyOfRange(whole.dense(), IMAGE, IMAGE + TEXT)).doesNotContain(1);
    }

    @ParameterizedTest
    @EnumSource
    void halfAFactorIsHalfALearningRate(OptimizerSettings.Kind kind) {
        Slot half = move(kind, ParameterGroups.of(LAYOUT, DECAYED, tower(0.5, true), tower(0.5, true)), 0.02);
        Slot slower = move(kind, ParameterGroups.of(LAYOUT, DECAYED, TowerTraining.WHOLE, TowerTraining.WHOLE), 0.01);

        assertThat(half.dense()).isEqualTo(slower.dense());
        assertThat(half.table()).isEqualTo(slower.table());
    }

    private static Slot move(OptimizerSettings.Kind kind, ParameterGroups groups) {
        return move(kind, groups, 0.01);
    }

    private static Slot move(OptimizerSettings.Kind kind, ParameterGroups groups, double rate) {
        Slot values = new Slot("parameters", new float[IMAGE + TEXT], new float[4], new double[1]);
        Arrays.fill(values.dense(), 1);
        Arrays.fill(values.table(), 1);
        Gradient gradient = new Gradient(PieceLayout.of(IMAGE + TEXT, 2, 2, 1), 1);
        Arrays.fill(gradient.dense, 0.25f);
        gradient.rows = 1;
        gradient.ids = new int[] {1};
        gradient.values = new float[] {-1, 2};
        OptimizerSettings settings =
                new OptimizerSettings(kind, 1, 0, 0, 0.9, 0.99, 1e-8, 0.1, 1, OptionalDouble.empty());
        Optimizer optimizer = Optimizer.of(settings, values, groups);
        optimizer.begin(rate);
        optimizer.moveTable(gradient);
        optimizer.moveDense(gradient, 0, IMAGE + TEXT, FloatBuffer.allocate(IMAGE + TEXT));
        return values;
    }
}
