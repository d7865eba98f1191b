package siglip.job.stability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** On a loss whose second derivatives are known: the mean of softplus(a_i . p), with gradients in float as a model's are. */
class CurvatureTest {
    private static final int DIMS = 2000;
    private static final int ROWS = 64;
    private static final int BATCHES = 8;

    private final SplittableRandom random = new SplittableRandom(1);
    private final float[] parameters = floats(DIMS, 0.1);
    private final float[][][] rows = new float[BATCHES][ROWS][];

    private float[] floats(int count, double deviation) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = (float) (deviation * random.nextGaussian());
        }
        return values;
    }

    private static double logit(float[] row, float[] p) {
        double sum = 0;
        for (int i = 0; i < DIMS; i++) {
            sum += (double) row[i] * p[i];
        }
        return sum;
    }

    private static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private float[] gradient(int batch, float[] p) {
        float[] gradient = new float[DIMS];
        for (float[] row : rows[batch]) {
            float weight = (float) (sigmoid((float) logit(row, p)) / ROWS);
            for (int i = 0; i < DIMS; i++) {
                gradient[i] += weight * row[i];
            }
        }
        return gradient;
    }

    private double[] along(double[] direction, double step) {
        float[] p = new float[DIMS];
        for (int i = 0; i < DIMS; i++) {
            p[i] = (float) (parameters[i] + step * direction[i]);
        }
        double[] components = new double[BATCHES];
        Arrays.setAll(components, k -> {
            float[] g = gradient(k, p);
            double sum = 0;
            for (int i = 0; i < DIMS; i++) {
                sum += g[i] * direction[i];
            }
            return sum;
        });
        return components;
    }

    @Test
    void aKnownSecondDerivativeIsRecoveredAlongTheGradient() {
        for (float[][] batch : rows) {
            Arrays.setAll(batch, i -> floats(DIMS, 1));
        }
        double[] mean = new double[DIMS];
        for (int k = 0; k < BATCHES; k++) {
            float[] g = gradient(k, parameters);
            Arrays.setAll(mean, i -> mean[i] + g[i] / BATCHES);
        }
        double slope = Math.sqrt(Arrays.stream(mean).map(x -> x * x).sum());
        double[] d = Arrays.stream(mean).map(x -> x / slope).toArray();
        double truth = 0;
        for (float[][] batch : rows) {
            for (float[] row : batch) {
                double p = sigmoid(logit(row, parameters));
                double change = 0;
                for (int i = 0; i < DIMS; i++) {
                    change += row[i] * d[i];
                }
                truth += p * (1 - p) * change * change / ROWS / BATCHES;
            }
        }

        double step = Curvature.step(slope, 0.1 * Math.sqrt(DIMS));
        Curvature found = Curvature.of(step, along(d, -step), along(d, 0), along(d, step));

        assertThat(found.central().value()).isCloseTo(truth, within(2e-3 * truth));
        assertThat(found.forward()).isCloseTo(truth, within(0.05 * truth));
        assertThat(found.backward()).isCloseTo(truth, within(0.05 * truth));
        assertThat(found.central().low()).isLessThan(truth);
        assertThat(found.central().high()).isGreaterThan(truth);
    }

    @Test
    void aStepChangesTheLossByTheShareThatRoundingAndCurvatureBothAllowAndStaysNearTheParameters() {
        assertThat(Curvature.step(4, 100)).isEqualTo(0x1p-10);
        assertThat(Curvature.step(1e-9, 2)).isEqualTo(0x1p-7);
        assertThat(Curvature.step(0, 2)).isEqualTo(0x1p-7);
    }
}
