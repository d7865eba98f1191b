package siglip.job.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import siglip.job.config.OptimizerSettings;
import siglip.job.config.TowerTraining;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Tensor;

/** Against the formulas in plain double. */
class TensorMeterTest {
    private static final int WEIGHTS = 5;
    private static final int BIASES = 3;
    private static final int ROWS = 7;
    private static final int WIDTH = 4;
    private static final double BETA2 = 0.95;
    private static final double EPSILON = 1e-3;
    private static final List<Tensor> TENSORS = List.of(
            new Tensor("image.1.weights", 0, WEIGHTS, true), new Tensor("image.1.bias", WEIGHTS, BIASES, false));

    private final Random random = new Random(1);
    private final Slot parameters =
            new Slot("parameters", randoms(WEIGHTS + BIASES, 1), randoms(ROWS * WIDTH, 1), new double[] {1});
    private Optimizer optimizer = optimizer(OptimizerSettings.Kind.ADAMW, parameters);
    private final TensorMeter meter = new TensorMeter(TENSORS, parameters);
    private final double[] v = new double[WEIGHTS + BIASES];
    private final double[] tableV = new double[ROWS * WIDTH];

    private static OptimizerSettings settings(OptimizerSettings.Kind kind) {
        return new OptimizerSettings(kind, 0.01, 0, 0, 0.9, BETA2, EPSILON, 0.1, 1, OptionalDouble.empty());
    }

    private static Optimizer optimizer(OptimizerSettings.Kind kind, Slot parameters) {
        ParameterLayout layout = new ParameterLayout(WEIGHTS, BIASES, ROWS, WIDTH);
        return Optimizer.of(
                settings(kind),
                parameters,
                ParameterGroups.of(layout, decayed(), TowerTraining.WHOLE, TowerTraining.WHOLE));
    }

    private static boolean[] decayed() {
        boolean[] decayed = new boolean[WEIGHTS + BIASES];
        Arrays.fill(decayed, 0, WEIGHTS, true);
        return decayed;
    }

    private float[] randoms(int count, double size) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (size * random.nextGaussian());
        }
        return values;
    }

    private Gradient gradient(double size, int... touched) {
        Gradient gradient = new Gradient(PieceLayout.of(WEIGHTS + BIASES, ROWS, WIDTH, 1), 1);
        System.arraycopy(randoms(WEIGHTS + BIASES, size), 0, gradient.dense, 0, WEIGHTS + BIASES);
        gradient.ids = touched;
        gradient.rows = touched.length;
        gradient.values = randoms(touched.length * WIDTH, size);
        return gradient;
    }

    private List<TensorStep> update(Gradient gradient, double clipped) {
        meter.begin(gradient);
        optimizer.begin(0.01);
        optimizer.moveScalars(gradient);
        optimizer.moveTable(gradient);
        optimizer.moveDense(gradient, 0, WEIGHTS + BIASES, FloatBuffer.allocate(WEIGHTS + BIASES));
        for (int i = 0; i < v.length; i++) {
            v[i] = BETA2 * v[i] + (1 - BETA2) * gradient.dense[i] * gradient.dense[i];
        }
        for (int i = 0; i < gradient.rows * WIDTH; i++) {
            int at = gradient.ids[i / WIDTH] * WIDTH + i % WIDTH;
            tableV[at] = BETA2 * tableV[at] + (1 - BETA2) * gradient.values[i] * gradient.values[i];
        }
        return meter.end(gradient, optimizer, clipped);
    }

    @Test
    void gradientUpdateAndRmsRatioAreThoseOfTheFormulas() {
        update(gradient(1, 1, 4), 1);
        update(gradient(1, 1, 2), 1);
        float[] before = parameters.dense().clone();
        float[] tableBefore = parameters.table().clone();
        Gradient gradient = gradient(10, 1, 4);
        List<TensorStep> steps = update(gradient, 1);

        assertThat(steps).extracting(TensorStep::tensor).containsExactly("image.1.weights", "image.1.bias", "table");
        double correction = 1 - Math.pow(BETA2, 3);
        for (int t = 0; t < 2; t++) {
            Tensor tensor = TENSORS.get(t);
            double[] sums = new double[4];
            for (int i = tensor.from(); i < tensor.from() + tensor.size(); i++) {
                add(sums, gradient.dense[i], before[i], parameters.dense()[i], v[i] / correction);
            }
            check(steps.get(t), sums, tensor.size());
        }
        double[] sums = new double[4];
        for (int i = 0; i < 2 * WIDTH; i++) {
            int at = gradient.ids[i / WIDTH] * WIDTH + i % WIDTH;
            add(sums, gradient.values[i], tableBefore[at], parameters.table()[at], tableV[at] / correction);
        }
        check(steps.get(2), sums, 2 * WIDTH);
    }

    private static void add(double[] sums, double g, double old, double now, double second) {
        sums[0] += g * g;
        sums[1] += old * old;
        sums[2] += (now - old) * (now - old);
        sums[3] += g * g / Math.max(second, EPSILON * EPSILON);
    }

    private static void check(TensorStep step, double[] sums, int count) {
        assertThat(step.gradientNorm()).isCloseTo(Math.sqrt(sums[0]), within(1e-5));
        assertThat(step.parameterNorm()).isCloseTo(Math.sqrt(sums[1]), within(1e-5));
        assertThat(step.updateNorm())
                .isCloseTo(Math.sqrt(sums[2]), within(1e-5))
                .isPositive();
        assertThat(step.rmsRatio()).isCloseTo(Math.sqrt(sums[3] / count), within(1e-4));
        assertThat(step.updateRatio()).isEqualTo(step.updateNorm() / step.parameterNorm());
    }

    @Test
    void theRatioIsLargeWhereTheSecondMomentIsBehindAndOneWhereItKeepsUp() {
        List<TensorStep> steady = List.of();
        for (int i = 0; i < 200; i++) {
            steady = update(gradient(1, 1), 1);
        }
        double behind = update(gradient(30, 1), 1).get(0).rmsRatio();

        assertThat(steady.get(0).rmsRatio()).isBetween(0.3, 2.0);
        assertThat(behind).isBetween(2.3, 1 / Math.sqrt(1 - BETA2));
    }

    @Test
    void theGradientIsThatBeforeClipping() {
        Gradient gradient = gradient(1);
        double norm = update(gradient, 0.25).get(0).gradientNorm();
        double sum = 0;
        for (int i = 0; i < WEIGHTS; i++) {
            sum += (double) gradient.dense[i] * gradient.dense[i];
        }

        assertThat(norm).isCloseTo(4 * Math.sqrt(sum), within(1e-6));
    }

    @Test
    void anOptimizerWithoutASecondMomentHasNoRatio() {
        optimizer = optimizer(OptimizerSettings.Kind.LION, parameters);

        TensorStep step = update(gradient(1), 1).get(0);
        assertThat(step.rmsRatio()).isNaN();
        assertThat(step.updateNorm()).isPositive();
    }

    @Test
    void aBatchThatTouchesNoRowHasNoTable() {
        assertThat(update(gradient(1), 1)).extracting(TensorStep::tensor).doesNotContain("table");
    }
}
