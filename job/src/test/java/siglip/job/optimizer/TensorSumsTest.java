package siglip.job.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** More numbers than a chunk holds, and of all sizes, against plain double. */
class TensorSumsTest {
    private static final int SIZE = 100_003;
    private static final int FIRST = 17;
    private static final double EPSILON = 1e-8;
    private static final double CORRECTION = 0.4;

    private final Random random = new Random(1);

    private float[] randoms(double size) {
        float[] values = new float[FIRST + SIZE];
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) (size * random.nextGaussian());
        }
        return values;
    }

    private void check(double ofGradient, double ofUpdate) {
        float[] gradient = randoms(ofGradient);
        float[] old = randoms(0.1);
        float[] now = randoms(ofUpdate);
        float[] moment = randoms(1);
        double g = 0;
        double p = 0;
        double u = 0;
        double r = 0;
        for (int i = 0; i < now.length; i++) {
            now[i] = ofUpdate == 0 ? old[i] : old[i] + now[i];
            moment[i] = (float) (i % 3 == 0 ? 0 : ofGradient * ofGradient * Math.abs(moment[i]));
            if (i >= FIRST) {
                double moved = (double) now[i] - old[i];
                g += (double) gradient[i] * gradient[i];
                p += (double) old[i] * old[i];
                u += moved * moved;
                r += (double) gradient[i] * gradient[i] / Math.max(moment[i] / CORRECTION, EPSILON * EPSILON);
            }
        }
        Slot slot = new Slot("square", moment, new float[0], new double[0]);
        TensorStep step = TensorSums.of(
                        new TensorSums.Numbers(gradient, old, now, moment),
                        FIRST,
                        SIZE,
                        Optional.of(new SecondMoment(slot, CORRECTION, EPSILON)))
                .step("weights", 0.5);

        assertThat(step.gradientNorm()).isCloseTo(2 * Math.sqrt(g), within(1e-5 * Math.sqrt(g)));
        assertThat(step.parameterNorm()).isCloseTo(Math.sqrt(p), within(1e-5 * Math.sqrt(p)));
        assertThat(step.updateNorm()).isCloseTo(Math.sqrt(u), within(1e-5 * Math.sqrt(u)));
        assertThat(step.rmsRatio()).isCloseTo(Math.sqrt(r / SIZE), within(1e-5 * Math.sqrt(r / SIZE)));
    }

    @Test
    void theSumsAreThoseOfDoubleWhateverTheSizeOfTheNumbers() {
        for (double size : new double[] {1, 1e-3, 1e-9, 1e-16, 1e-22, 1e12, 1e22}) {
            check(size, 1e-3);
        }
    }

    @Test
    void aTensorThatDoesNotMoveHasNoUpdate() {
        check(1e-2, 0);
    }
}
