package siglip.job.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.job.config.OptimizerSettings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.config.TowerTraining;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ParameterLayout;

/** What checkpoints rely on. */
class OptimizerTest {
    private static final int DENSE = 3;
    private static final int ROWS = 2;
    private static final int WIDTH = 2;

    @Test
    void namesInCheckpointsStayAsTheyAre() {
        assertThat(OptimizerSettings.Kind.values())
                .extracting(OptimizerSettings.Kind::id)
                .containsExactly("adamw", "lion");
        assertThat(Optimizer.slots(OptimizerSettings.Kind.ADAMW)).containsExactly("mean", "square");
        assertThat(Optimizer.slots(OptimizerSettings.Kind.LION)).containsExactly("mean");
    }

    @ParameterizedTest
    @EnumSource
    void goesOnFromASnapshotAsItWouldHaveItself(OptimizerSettings.Kind kind) {
        Moved undisturbed = new Moved(kind);
        undisturbed.steps(3);
        Moved resumed = new Moved(kind);
        OptimizerSnapshot snapshot = undisturbed.optimizer.snapshot();
        resumed.optimizer.restore(snapshot);
        resumed.values.set(undisturbed.values);

        undisturbed.steps(2);
        resumed.steps(2);

        assertThat(snapshot.updates()).isEqualTo(3);
        assertThat(resumed.values.dense()).isEqualTo(undisturbed.values.dense());
        assertThat(resumed.values.table()).isEqualTo(undisturbed.values.table());
        assertThat(resumed.values.scalars()).isEqualTo(undisturbed.values.scalars());
    }

    /** A mean has the sign of the gradient, a square has none. */
    @Test
    void aSlotHoldsWhatItsNameSays() {
        Moved moved = new Moved(OptimizerSettings.Kind.ADAMW);
        moved.steps(1);

        List<Slot> slots = moved.optimizer.snapshot().slots();

        assertThat(slots).extracting(Slot::name).containsExactly("mean", "square");
        for (Slot slot : slots) {
            boolean mean = slot.name().equals("mean");
            assertThat(slot.dense()[0] < 0).isEqualTo(mean);
            assertThat(slot.table()[0] < 0).isEqualTo(mean);
            assertThat(slot.scalars()[0] < 0).isEqualTo(mean);
            assertThat(slot.dense()[1]).isPositive();
        }
    }

    @Test
    void aSnapshotOfAnotherOptimizerOrWithOtherSlotsIsRefused() {
        Optimizer optimizer = new Moved(OptimizerSettings.Kind.ADAMW).optimizer;
        List<Slot> slots = optimizer.snapshot().slots();
        List<Slot> swapped = Arrays.asList(slots.toArray(Slot[]::new));
        Collections.reverse(swapped);

        assertThatThrownBy(() -> optimizer.restore(new OptimizerSnapshot("sgd", 1, slots)))
                .hasMessage("Cannot go on from a snapshot of sgd with the slots [mean, square]: this is adamw with"
                        + " [mean, square]");
        assertThatThrownBy(() -> optimizer.restore(new OptimizerSnapshot("adamw", 1, swapped)))
                .hasMessageContaining("with the slots [square, mean]");
        assertThatThrownBy(() -> optimizer.restore(new OptimizerSnapshot("adamw", 1, slots.subList(0, 1))))
                .hasMessageContaining("with the slots [mean]");
    }

    /** Parameters that an optimizer moves by the same gradient again and again. */
    private static final class Moved {
        private final Optimizer optimizer;
        private final Slot values = new Slot("parameters", new float[DENSE], new float[ROWS * WIDTH], new double[2]);
        private final Gradient gradient = new Gradient(PieceLayout.of(DENSE, ROWS, WIDTH, 1), 2);

        Moved(OptimizerSettings.Kind kind) {
            OptimizerSettings settings = SettingsLoader.load(new SettingsSources(
                            List.of("training.optimizer=" + kind.id()), Map.of(), Map.of(), Optional.empty()))
                    .settings()
                    .training()
                    .optimizer();
            optimizer = Optimizer.of(
                    settings,
                    values,
                    ParameterGroups.of(
                            new ParameterLayout(DENSE, 0, ROWS, WIDTH),
                            new boolean[] {true, true, false},
                            TowerTraining.WHOLE,
                            TowerTraining.WHOLE));
            System.arraycopy(new float[] {-1, 2, 3}, 0, gradient.dense, 0, DENSE);
            gradient.ids = new int[] {0};
            gradient.rows = 1;
            gradient.values = new float[] {-4, 5};
            gradient.scalars[0] = -6;
            gradient.scalars[1] = 7;
        }

        void steps(int count) {
            for (int step = 0; step < count; step++) {
                optimizer.begin(0.01);
                optimizer.moveScalars(gradient);
                optimizer.moveTable(gradient);
                optimizer.moveDense(gradient, 0, DENSE, FloatBuffer.allocate(DENSE));
            }
        }
    }
}
