package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import siglip.job.config.LossSettings;
import siglip.job.config.OptimizerSettings;
import siglip.job.config.TestArms;
import siglip.job.config.TrainingSettings;
import siglip.job.losses.LossSpec;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Parameters;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;

/** What the driver does around the optimizer. */
class ArmUpdateTest {
    private static final int WEIGHTS = 5;
    private static final int BIASES = 3;
    private static final int ROWS = 7;
    private static final int WIDTH = 4;

    private static final TrainingSettings TRAINING =
            new TrainingSettings(2, 1, OptionalInt.empty(), 100, optimizer(OptionalDouble.empty()), 1);

    /** So large an epsilon that the size of a gradient shows. */
    private static OptimizerSettings optimizer(OptionalDouble clipNorm) {
        return new OptimizerSettings(OptimizerSettings.Kind.ADAMW, 0.01, 0, 0, 0.9, 0.95, 1.0, 0.1, 10, clipNorm);
    }

    private static ArmState arm(Loss loss, double... scalars) {
        return arm(OptionalDouble.empty(), loss, scalars);
    }

    private static ArmState arm(OptionalDouble clipNorm, Loss loss, double... scalars) {
        Parameters start = Parameters.allocate(new ParameterLayout(WEIGHTS, BIASES, ROWS, WIDTH));
        LossSettings.Arm arm = TestArms.of("arm", LossForm.plain(loss), Map.of(), optimizer(clipNorm), 100);
        return new ArmState(0, arm, start, LossScalars.of(loss, scalars));
    }

    /** A gradient of norm 2 clipped to 1/2 is one of a quarter; t' and b have gradients that would be clipped away. */
    @Test
    void clippingScalesTowersAndTableTogetherAndLeavesScaleAndBiasAlone() {
        ArmState clipped = arm(OptionalDouble.of(0.5), Loss.SIGMOID, 1, -3);
        ArmState quarter = arm(Loss.SIGMOID, 1, -3);

        StepRecord record = apply(clipped, 1);
        StepRecord other = apply(quarter, 0.25f);

        assertThat(record.clipped()).isTrue();
        assertThat(other.clipped()).isFalse();
        assertThat(record.gradientNorm()).isCloseTo(Math.sqrt(4 + 30 * 30 + 7 * 7), within(1e-12));
        assertThat(clipped.values().dense())
                .isEqualTo(quarter.values().dense())
                .isNotEqualTo(new float[WEIGHTS + BIASES]);
        assertThat(clipped.values().table()).isEqualTo(quarter.values().table()).isNotEqualTo(new float[ROWS * WIDTH]);
        assertThat(clipped.scalars()).isEqualTo(quarter.scalars());
        assertThat(clipped.scalars().get(LossScalar.BIAS)).isNotEqualTo(-3);
    }

    @Test
    void aScalarThatTheLossHasSolvedForIsTakenOverAndNotLearned() {
        ArmState arm = arm(Loss.SIGMOID_SOLVED, 1, -3);

        StepRecord record = apply(arm, 1);

        assertThat(record.scalars()).containsEntry("bias", -5.5);
        assertThat(record.scalarGradients()).containsEntry("bias", 0.0);
        assertThat(record.gradientNorm()).isCloseTo(Math.sqrt(4 + 30 * 30), within(1e-12));
        assertThat(arm.scalars().get(LossScalar.BIAS)).isEqualTo(-5.5);
        assertThat(arm.scalars().get(LossScalar.LOG_SCALE)).isNotEqualTo(1);
    }

    /** Two pairs; the mean gradient has four entries of {@code size}: two in the towers, two in the table. */
    private static StepRecord apply(ArmState arm, float size) {
        PieceLayout layout = PieceLayout.of(WEIGHTS + BIASES, ROWS, WIDTH, 1);
        Piece piece = new Piece(WEIGHTS + BIASES, ROWS, WIDTH);
        LossSums sums = new LossSums();
        sums.addGradient(LossScalar.LOG_SCALE, 2 * 30);
        sums.addGradient(LossScalar.BIAS, 2 * -7);
        sums.setSolved(LossScalar.BIAS, -5.5);
        piece.scalars().put(new RankScalars(sums, 0).toArray(arm.arm().loss()));
        piece.dense().put(1, 2 * size).put(6, -2 * size);
        piece.rows(2);
        piece.ids().put(0, 1).put(1, 5);
        piece.values().put(2, -2 * size).put(WIDTH, 2 * size);
        boolean[] decayed = new boolean[WEIGHTS + BIASES];
        Arrays.fill(decayed, 0, WEIGHTS, true);
        ArmUpdate update = new ArmUpdate(arm, decayed, TRAINING, layout);
        StepRecord record = update.take(new Piece[] {piece}, 0, 1);
        update.complete(record, new Piece[] {piece}, rank -> {});
        for (int i = 0; i < WEIGHTS + BIASES; i++) {
            assertThat(piece.dense().get(i)).isEqualTo(arm.values().dense()[i]);
        }
        assertThat(piece.ids().get(1)).isEqualTo(5);
        assertThat(piece.values().get(WIDTH)).isEqualTo(arm.values().table()[5 * WIDTH]);
        return record;
    }

    @Test
    void scaleStaysInItsRangeAndABiasMayBeAnything() {
        for (Loss loss : Loss.values()) {
            LossSettings.Arm high = TestArms.of(
                    "arm",
                    LossForm.plain(loss),
                    Map.of(LossScalar.LOG_SCALE, 500.0),
                    optimizer(OptionalDouble.empty()),
                    100);
            assertThat(LossSpec.initial(high, 2).get(LossScalar.LOG_SCALE)).isEqualTo(Math.log(100));
            ArmState arm = arm(loss, LossSpec.initial(high, 2).toArray());

            move(arm, 1);
            assertThat(arm.scalars().shown().get("scale")).isCloseTo(100, within(1e-12));
            move(arm, -50);
            assertThat(arm.scalars().shown().get("scale")).isEqualTo(1);
            assertThat(arm.scalars().shown().getOrDefault("bias", -49.0)).isEqualTo(-49);
        }
    }

    private static void move(ArmState arm, double step) {
        double[] scalars = arm.values().scalars();
        Arrays.setAll(scalars, i -> scalars[i] + step);
        arm.keepScalarsInRange();
    }

    @Test
    void whatARankTellsTheDriverOfItsSumsArrivesUnderItsName() {
        LossSums sums = new LossSums();
        sums.loss = 1;
        sums.addGradient(LossScalar.LOG_SCALE, 2);
        sums.addGradient(LossScalar.BIAS, 3);
        sums.addGradient(LossScalar.RELATIVE_BIAS, 3);
        sums.setSolved(LossScalar.BIAS, 3);
        sums.positives = 4;
        sums.positiveLogits = 5;
        sums.minPositiveLogit = 6;
        sums.maxPositiveLogit = 7;
        sums.negatives = 8;
        sums.negativeLogits = 9;
        for (Loss loss : Loss.values()) {
            Piece piece = new Piece(1, 0, 0);
            piece.scalars().put(new RankScalars(sums, 10).toArray(loss));

            RankScalars arrived = RankScalars.total(loss, new Piece[] {piece, piece});

            assertThat(arrived.bytes()).isEqualTo(10);
            assertThat(arrived.sums().loss).isEqualTo(2);
            double[] ofScalars = loss.scalars().stream()
                    .mapToDouble(scalar -> loss.solves(scalar)
                            ? arrived.sums().solved(scalar)
                            : arrived.sums().gradient(scalar))
                    .toArray();
            assertThat(ofScalars)
                    .isEqualTo(Arrays.copyOf(new double[] {4, 6}, loss.scalars().size()));
            assertThat(arrived.sums().positives).isEqualTo(8);
            assertThat(arrived.sums().positiveLogits).isEqualTo(10);
            assertThat(arrived.sums().minPositiveLogit).isEqualTo(6);
            assertThat(arrived.sums().maxPositiveLogit).isEqualTo(7);
            assertThat(arrived.sums().negatives).isEqualTo(16);
            assertThat(arrived.sums().negativeLogits).isEqualTo(18);
        }
    }

    @Test
    void whatTheDriverTellsRanksArrives() {
        for (boolean active : new boolean[] {true, false}) {
            DriverScalars told = new DriverScalars(active, LossScalars.of(Loss.SIGMOID, 0.5, -3));
            Piece piece = new Piece(1, 0, 0);
            told.write(piece.scalars());

            assertThat(DriverScalars.read(Loss.SIGMOID, piece.scalars())).isEqualTo(told);
        }
    }

    @Test
    void aSnapshotOfAnotherLossOrOfAnotherModelIsRefused() {
        PieceLayout layout = PieceLayout.of(WEIGHTS + BIASES, ROWS, WIDTH, 1);
        ArmUpdate sigmoid = new ArmUpdate(arm(Loss.SIGMOID, 1, -3), new boolean[WEIGHTS + BIASES], TRAINING, layout);
        ArmUpdate softmax = new ArmUpdate(arm(Loss.SOFTMAX, 1), new boolean[WEIGHTS + BIASES], TRAINING, layout);
        Parameters other = Parameters.allocate(new ParameterLayout(WEIGHTS, BIASES, ROWS - 1, WIDTH));
        LossSettings.Arm arm = TestArms.of("arm", Loss.SIGMOID, Map.of());
        ArmState smaller = new ArmState(0, arm, other, LossScalars.of(Loss.SIGMOID, 1, -3));

        assertThatThrownBy(() -> softmax.restore(sigmoid.snapshot()))
                .hasMessageContaining("with the sigmoid loss: it has the softmax loss");
        assertThatThrownBy(() -> smaller.restore(sigmoid.snapshot()))
                .hasMessageContaining("another model: it has 8 parameters, 28 of a table and 2 scalars");
    }
}
