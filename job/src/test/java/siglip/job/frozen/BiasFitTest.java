package siglip.job.frozen;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BiasFitTest {
    /** With respect to b, of the sigmoid loss of a batch of n pairs whose logits without b are normal. */
    private static double gradient(int n, double deviation, double weight, double b) {
        SplittableRandom random = new SplittableRandom(1);
        double sum = 0;
        for (int i = 0; i < n; i++) {
            sum -= weight / (1 + Math.exp(5 + b));
            for (int j = 1; j < n; j++) {
                sum += 1 / (1 + Math.exp(-deviation * random.nextGaussian() - b));
            }
        }
        return sum / n;
    }

    @Test
    void theBiasOfLeastLossIsFoundInAFewStepsFromFarBelowAndFarAbove() {
        for (double deviation : new double[] {0, 1, 4}) {
            for (double start : new double[] {-20, -5.5, 0, 10}) {
                assertThat(steps(deviation, 1, start))
                        .as("deviation %s from %s", deviation, start)
                        .isLessThan(12);
            }
        }
    }

    @Test
    void aFitThatGoesOnFromThatOfASimilarLossTakesAStepOrTwo() {
        for (double start : new double[] {-20, -5.5, 10}) {
            BiasFit first = new BiasFit(start);
            fit(first, 1, 1);

            assertThat(fit(new BiasFit(first), 1.02, 1)).as("from %s", start).isLessThanOrEqualTo(3);
        }
    }

    @Test
    void positivesOfMoreWeightAreNoHindrance() {
        for (double start : new double[] {-20, -5.5, 10}) {
            assertThat(steps(1, 63, start)).as("from %s", start).isLessThan(20);
        }
    }

    private static int steps(double deviation, double weight, double start) {
        return fit(new BiasFit(start), deviation, weight);
    }

    private static int fit(BiasFit fit, double deviation, double weight) {
        int steps = 0;
        while (!fit.isDone() && steps < BiasFit.MOST_STEPS) {
            fit.take(gradient(64, deviation, weight, fit.next()));
            steps++;
        }
        assertThat(Math.abs(gradient(64, deviation, weight, fit.best())))
                .as("deviation %s", deviation)
                .isLessThanOrEqualTo(BiasFit.TOLERANCE);
        return steps;
    }
}
