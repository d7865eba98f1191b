package siglip.job.stability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** On gradients whose expectation G and variance V are known: g = G + noise, of independent normal elements. */
class GradientNoiseTest {
    private static final int PAIRS = 256;
    private static final int SAMPLES = 2000;

    /** Of K gradients in so many dimensions, with |G| = 1. */
    private record Problem(int batches, int dims, double variance) {
        double[] expected(double angle) {
            double[] g = new double[dims];
            g[0] = Math.cos(angle);
            g[1] = Math.sin(angle);
            return g;
        }

        double[][] noise(SplittableRandom random) {
            double[][] noise = new double[batches][dims];
            double deviation = Math.sqrt(variance / dims);
            for (double[] each : noise) {
                Arrays.setAll(each, i -> deviation * random.nextGaussian());
            }
            return noise;
        }

        double[][] gradients(double angle, double[][] noise) {
            double[] g = expected(angle);
            return Arrays.stream(noise)
                    .map(each -> IntStream.range(0, dims)
                            .mapToDouble(i -> g[i] + each[i])
                            .toArray())
                    .toArray(double[][]::new);
        }

        GradientNoise sample(SplittableRandom random) {
            double[][] gradients = gradients(0, noise(random));
            double[][] directions = Arrays.stream(gradients)
                    .map(g ->
                            Arrays.stream(g).map(x -> x / Math.sqrt(dot(g, g))).toArray())
                    .toArray(double[][]::new);
            return GradientNoise.of(products(gradients, gradients), products(directions, directions), PAIRS);
        }

        /** The mean over many samples, and its standard error. */
        double[] mean(ToDoubleFunction<GradientNoise> figure) {
            SplittableRandom random = new SplittableRandom(1);
            double[] values = IntStream.range(0, SAMPLES)
                    .mapToDouble(i -> figure.applyAsDouble(sample(random)))
                    .toArray();
            double mean = Arrays.stream(values).average().orElseThrow();
            double square = Arrays.stream(values)
                    .map(x -> (x - mean) * (x - mean))
                    .average()
                    .orElseThrow();
            return new double[] {mean, Math.sqrt(square / SAMPLES)};
        }

        double share(java.util.function.Predicate<GradientNoise> of) {
            return mean(noise -> of.test(noise) ? 1 : 0)[0];
        }
    }

    static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += a[i] * b[i];
        }
        return sum;
    }

    private static double[] sum(double[][] vectors) {
        double[] sum = new double[vectors[0].length];
        for (double[] each : vectors) {
            Arrays.setAll(sum, i -> sum[i] + each[i]);
        }
        return sum;
    }

    static InnerProducts products(double[][] g, double[][] h) {
        double[] sumG = sum(g);
        double[] sumH = sum(h);
        int k = g.length;
        return new InnerProducts(
                IntStream.range(0, k).mapToDouble(i -> dot(g[i], h[i])).toArray(),
                IntStream.range(0, k).mapToDouble(i -> dot(g[i], sumH)).toArray(),
                IntStream.range(0, k).mapToDouble(i -> dot(sumG, h[i])).toArray());
    }

    private static double[][] without(double[][] vectors, int left) {
        return IntStream.range(0, vectors.length)
                .filter(i -> i != left)
                .mapToObj(i -> vectors[i])
                .toArray(double[][]::new);
    }

    @Test
    void innerProductsGiveWhatTheVectorsThemselvesWould() {
        Problem problem = new Problem(7, 5, 3);
        double[][] g = problem.gradients(0, problem.noise(new SplittableRandom(2)));
        double[][] h = problem.gradients(1, problem.noise(new SplittableRandom(3)));
        InnerProducts both = products(g, h);
        double pairs = 0;
        double covariance = 0;
        for (int i = 0; i < 7; i++) {
            for (int j = 0; j < 7; j++) {
                pairs += i == j ? 0 : dot(g[i], h[j]) / (7 * 6);
            }
            int k = i;
            double[] fromMean = IntStream.range(0, 5)
                    .mapToDouble(x -> g[k][x] - sum(g)[x] / 7)
                    .toArray();
            covariance += dot(fromMean, h[i]) / 6;
        }

        assertThat(both.product()).isCloseTo(pairs, within(1e-12));
        assertThat(both.covariance()).isCloseTo(covariance, within(1e-12));
        InnerProducts left = products(without(g, 4), without(h, 4));
        assertThat(both.productWithout(4)).isCloseTo(left.product(), within(1e-12));
        assertThat(both.covarianceWithout(4)).isCloseTo(left.covariance(), within(1e-12));
    }

    @Test
    void squareAndVarianceAreUnbiasedAndTheSquareOfTheMeanIsNot() {
        Problem problem = new Problem(16, 50, 10);

        double[] square = problem.mean(noise -> noise.square().value());
        double[] variance = problem.mean(noise -> noise.variance().value());
        double[] naive = problem.mean(GradientNoise::meanSquare);

        assertThat(square[0]).isCloseTo(1, within(4 * square[1]));
        assertThat(variance[0]).isCloseTo(10, within(4 * variance[1]));
        assertThat(naive[0]).isCloseTo(1 + 10.0 / 16, within(4 * naive[1]));
        assertThat(naive[0] - 1).as("far from 1").isGreaterThan(20 * naive[1]);
    }

    @Test
    void aNoiseScaleThatIsResolvedIsRecoveredWhereTheNaiveOneFallsShort() {
        Problem problem = new Problem(64, 50, 20);
        double truth = 20.0 * PAIRS;

        double covered = problem.share(noise ->
                noise.noiseScale().low() <= truth && truth <= noise.noiseScale().high());
        double[] naive = problem.mean(GradientNoise::naiveNoiseScale);

        assertThat(covered).isBetween(0.92, 0.98);
        assertThat(naive[0]).isBetween(0.7 * truth, 0.8 * truth); // 1 / (1 + 20 / 64) of it
    }

    @Test
    void aNoiseScaleOfWhichNothingCanBeKnownIsCalledUnresolvedAndTheNaiveOneIsTheNumberOfBatches() {
        Problem problem = new Problem(16, 400, 977);

        double resolved = problem.share(GradientNoise::isResolved);
        double[] naive = problem.mean(GradientNoise::naiveNoiseScale);

        assertThat(resolved).as("by chance").isLessThan(0.05);
        assertThat(naive[0] / PAIRS).as("the truth is 977").isBetween(14.0, 18.0);
    }

    /** 2,000 samples tell a share to 1.5 % (three deviations); a jackknife of 16 batches is right to about as much. */
    @Test
    void intervalsCoverTheTruthAsOftenAsTheySay() {
        for (double variance : new double[] {0.5, 5}) {
            Problem problem = new Problem(16, 50, variance);

            double square = problem.share(
                    noise -> noise.square().low() <= 1 && 1 <= noise.square().high());
            double trace = problem.share(noise -> noise.variance().low() <= variance
                    && variance <= noise.variance().high());

            assertThat(square).as("|G|^2, V = %s", variance).isBetween(0.92, 0.98);
            assertThat(trace).as("V = %s", variance).isBetween(0.92, 0.98);
        }
    }

    @Test
    void withNoGradientAtAllTheIntervalIsRatherTooWide() {
        Problem problem = new Problem(16, 50, 1e6); // beside which |G|^2 = 1 is none

        double resolved = problem.share(GradientNoise::isResolved);

        assertThat(resolved).isLessThan(0.04);
    }

    @Test
    void theCosineOfTwoLossesIsFreeOfTheNoiseThatTheirBatchesShare() {
        Problem problem = new Problem(32, 50, 5);
        double truth = Math.cos(1);
        SplittableRandom random = new SplittableRandom(4);
        int covered = 0;
        double naive = 0;
        for (int i = 0; i < SAMPLES; i++) {
            double[][] noise = problem.noise(random); // of both
            double[][] g = problem.gradients(0, noise);
            double[][] h = problem.gradients(1, noise);
            Estimate cosine = GradientNoise.cosine(products(g, g), products(g, h), products(h, h));
            covered += cosine.low() <= truth && truth <= cosine.high() ? 1 : 0;
            double[] sumG = sum(g);
            double[] sumH = sum(h);
            naive += dot(sumG, sumH) / Math.sqrt(dot(sumG, sumG) * dot(sumH, sumH)) / SAMPLES;
        }

        assertThat((double) covered / SAMPLES).isBetween(0.92, 0.98);
        assertThat(naive - truth).as("of the means as they are").isGreaterThan(0.05);
    }

    @Test
    void theCosineWithAGivenDirectionIsThatOfTheExpectedGradient() {
        Problem problem = new Problem(32, 50, 5);
        double truth = Math.cos(1);
        SplittableRandom random = new SplittableRandom(5);
        int covered = 0;
        for (int i = 0; i < SAMPLES; i++) {
            double[][] g = problem.gradients(1, problem.noise(random));
            double[] along = Arrays.stream(g).mapToDouble(each -> each[0]).toArray();
            Estimate cosine = GradientNoise.cosine(products(g, g), along);
            covered += cosine.low() <= truth && truth <= cosine.high() ? 1 : 0;
        }

        assertThat((double) covered / SAMPLES).isBetween(0.92, 0.98);
    }

    @Test
    void theMeanCosineOfTwoBatchesIsThatOfAllPairs() {
        double[] cosines = new Problem(16, 50, 1).mean(noise -> noise.cosine().value());

        assertThat(cosines[0]).isCloseTo(0.5, within(0.01)); // |G|^2 / (|G|^2 + V), to order 1 / dims
    }
}
