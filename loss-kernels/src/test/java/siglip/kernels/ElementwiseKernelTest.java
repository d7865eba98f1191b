package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.kernels.lines.LogSums;

/** Every kernel, pass by pass, against {@code double} arithmetic. */
class ElementwiseKernelTest {
    /** No count of elements is special: whole vectors of every width, and all that can be left over. */
    private static final int MOST = 2 * ElementwiseKernel.LANES + 1;

    static Stream<ElementwiseKernel> kernels() {
        return Kernels.all();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void softplusAndSigmoidKeepTheirRelativeAccuracy(ElementwiseKernel kernel) {
        for (float l = -87; l <= 87; l += 0x1p-8f) {
            float[] value = {l};
            double[] sums = new double[ElementwiseKernel.SUMS];
            kernel.sigmoid(value, 0, 1, 1, 0, sums);

            double sigmoid = 1 / (1 + Math.exp(-(double) l));
            double softplus = Math.max(l, 0) + Math.log1p(Math.exp(-Math.abs((double) l)));
            assertRelative(sums[ElementwiseKernel.LOSS], softplus, l);
            assertRelative(sums[ElementwiseKernel.GRADIENT], sigmoid, l);
            assertRelative(value[0], sigmoid, l);
            assertRelative(sums[ElementwiseKernel.GRADIENT_BY_SIMILARITY], sigmoid * l, l);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void theMeanOfTwoBiasesKeepsItsRelativeAccuracy(ElementwiseKernel kernel) {
        for (float l = -80; l <= 80; l += 0x1p-4f) {
            for (float k = -80; k <= 80; k += 1.75f) {
                float[] value = {1};
                double[] sums = new double[ElementwiseKernel.SUMS];
                kernel.sigmoid(value, 0, 1, 0, l, new float[] {7, k}, 1, sums); // the similarity itself adds nothing

                double sigmoid = (1 / (1 + Math.exp(-(double) l)) + 1 / (1 + Math.exp(-(double) k))) / 2;
                double softplus = (LogSums.softplus(l) + LogSums.softplus(k)) / 2;
                assertRelative(sums[ElementwiseKernel.LOSS], softplus, l);
                assertRelative(sums[ElementwiseKernel.GRADIENT_BY_SIMILARITY], sigmoid, l);
                value[0] = 0;
                kernel.sigmoid(value, 0, 1, 1, l, new float[] {7, k}, 1, sums);
                assertRelative(value[0], sigmoid, l);
            }
        }
    }

    private static void assertRelative(double actual, double expected, float at) {
        if (!(Math.abs(actual - expected) <= ElementwiseKernel.RELATIVE_ERROR * Math.abs(expected))) {
            assertThat(actual).as("at %s", at).isCloseTo(expected, within(ElementwiseKernel.RELATIVE_ERROR * expected));
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void exponentialsKeepTheirRelativeAccuracyAndVanishInTheEnd(ElementwiseKernel kernel) {
        for (float x = -87; x <= 0; x += 0x1p-8f) {
            assertRelative(
                    kernel.addExponentials(new float[] {x}, 0, 1, 0, new float[1], new float[1]), Math.exp(x), x);
        }
        for (float x : new float[] {-88, -89, -1e4f, -Float.MAX_VALUE, Float.NEGATIVE_INFINITY}) {
            assertThat(kernel.addExponentials(new float[] {x}, 0, 1, 0, new float[1], new float[1]))
                    .isZero();
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void shiftedExponentialsKeepTheirRelativeAccuracyOverAllOctaves(ElementwiseKernel kernel) {
        for (int shift : new int[] {-200, -1, 0, 1, 60, 170}) {
            float least = ElementwiseKernel.octaves(shift - 125);
            float most = ElementwiseKernel.octaves(shift + ElementwiseKernel.MOST_OCTAVES);
            for (float x = least; x <= most; x += 0x1p-6f) {
                double expected = Math.exp(x - shift * Math.log(2));
                float[] columns = new float[1];
                assertRelative(kernel.addExponentials(new float[] {x}, 0, 1, 1, shift, columns), expected, x);
                assertRelative(columns[0], expected, x);
                float[] value = {x};
                kernel.softmaxGradient(value, 0, 1, 1, shift, 0.75f, new float[] {0.25f});
                assertRelative(value[0], expected, x);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void shiftedExponentialsBeyondTheOctavesVanishOrAreTooLargeForASum(ElementwiseKernel kernel) {
        for (float below : new float[] {-50, -1e4f, -Float.MAX_VALUE, Float.NEGATIVE_INFINITY}) {
            assertThat(kernel.addExponentials(new float[] {below}, 0, 1, 1, 60, new float[1]))
                    .isZero();
        }
        for (float above : new float[] {125, 1e4f, Float.MAX_VALUE, Float.POSITIVE_INFINITY}) {
            assertThat(kernel.addExponentials(new float[] {above}, 0, 1, 1, 60, new float[1]))
                    .isBetween(0x1p113, 0x1p115);
        }
        assertThat(kernel.addExponentials(new float[] {Float.NaN}, 0, 1, 1, 60, new float[1]))
                .isNaN();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void extremeLogitsStayFinite(ElementwiseKernel kernel) {
        double[] sums = new double[ElementwiseKernel.SUMS];
        float[] values = {-1e30f, -1e4f, 1e4f, 1e30f};
        kernel.sigmoid(values, 0, 4, 1, 0, sums);
        assertThat(values).containsExactly(0, 0, 1, 1);
        assertThat(sums[ElementwiseKernel.LOSS]).isCloseTo((double) 1e30f, within(1e24));
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void notANumberIsNotHidden(ElementwiseKernel kernel) {
        for (int at = 0; at < MOST; at++) {
            float[] values = new float[MOST];
            values[at] = Float.NaN;
            double[] sums = new double[ElementwiseKernel.SUMS];
            kernel.sigmoid(values, 0, MOST, 10, -10, sums);
            assertThat(sums).containsOnly(Double.NaN);
            assertThat(values[at]).isNaN();
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void pairsThatAreNotKeptAreAbsentAndHaveNoPartInSums(ElementwiseKernel kernel) {
        Random random = new Random(Blocks.SEED);
        for (int count = 0; count <= MOST; count++) {
            float[] values = random(count + 10, random);
            int[] keys = random.ints(count).toArray();
            float[] drawn = values.clone();
            float[] within = values.clone();
            kernel.negatives().keepDrawn(drawn, 5, count, 77, keys, 0.4f, -1e30f);
            kernel.negatives().keepWithin(within, 5, count, -0.2f, 0.6f, -1e30f);
            double[] sums = new double[ElementwiseKernel.PRESENT_SUMS];
            kernel.negatives().addPresent(within, 5, count, sums);
            float[] derivatives = new float[count];
            double squares = kernel.negatives().addSquares(within, 5, count, -0.25f, 3, derivatives);
            int present = 0;
            double sum = 0;
            double expected = 0;
            for (int i = 0; i < values.length; i++) {
                boolean inside = i >= 5 && i < 5 + count;
                boolean isDrawn = !inside || ElementwiseKernel.uniform(77 + keys[i - 5]) < 0.4f;
                boolean isWithin = values[i] >= -0.2f && values[i] < 0.6f;
                assertThat(drawn[i]).isEqualTo(isDrawn ? values[i] : -1e30f);
                assertThat(within[i]).isEqualTo(!inside || isWithin ? values[i] : -1e30f);
                if (inside) {
                    present += isWithin ? 1 : 0;
                    sum += isWithin ? values[i] : 0;
                    expected += isWithin ? (values[i] + 0.25) * (values[i] + 0.25) : 0;
                    assertThat(derivatives[i - 5]).isEqualTo(isWithin ? 3 * (values[i] + 0.25f) : 0);
                }
            }
            assertThat(sums[ElementwiseKernel.PRESENT]).isEqualTo(present);
            assertThat(sums[ElementwiseKernel.PRESENT_SIMILARITY]).isCloseTo(sum, within(1e-5));
            assertThat(squares).isCloseTo(expected, within(1e-5));
        }
        float[] nan = {Float.NaN};
        kernel.negatives().keepWithin(nan, 0, 1, 0, 1, -1e30f);
        assertThat(nan[0]).isNaN();
    }

    /** About the share that was asked for, another set for each key, and rows that have nothing to do with each other. */
    @Test
    void aDrawIsAsLargeAsItsShare() {
        ElementwiseKernel kernel = Kernels.one();
        int n = 512;
        for (double share : new double[] {0.001, 0.25, 0.9}) {
            GlobalBatch batch = GlobalBatch.of(n, 3, 5);
            GlobalBatch next = GlobalBatch.of(n, 3, 6);
            double kept = 0;
            double both = 0;
            double withNext = 0;
            float[] former = new float[n];
            for (int i = 0; i < n; i++) {
                float[] row = drawn(kernel, batch, i, n, share);
                float[] other = drawn(kernel, next, i, n, share);
                for (int j = 0; j < n; j++) {
                    kept += row[j];
                    both += row[j] * former[j];
                    withNext += row[j] * other[j];
                }
                former = row;
            }
            double pairs = (double) n * n;
            double deviation = 5 * Math.sqrt(share / pairs);
            assertThat(kept / pairs).isCloseTo(share, within(deviation));
            assertThat(both / pairs).isCloseTo(share * share, within(deviation));
            assertThat(withNext / pairs).isCloseTo(share * share, within(deviation));
        }
    }

    private static float[] drawn(ElementwiseKernel kernel, GlobalBatch batch, int row, int n, double share) {
        float[] values = new float[n];
        Arrays.fill(values, 1);
        int[] keys = IntStream.range(0, n).map(batch::textKey).toArray();
        kernel.negatives().keepDrawn(values, 0, n, batch.imageKey(row), keys, (float) share, 0);
        return values;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void everyElementCountsOnceAndNoOtherIsTouched(ElementwiseKernel kernel) {
        Random random = new Random(Blocks.SEED);
        for (int count = 0; count <= MOST; count++) {
            float[] values = random(count + 10, random);
            float[] columns = random(count, random);
            for (Pass pass : Pass.values()) {
                Outcome expected = pass.runOneByOne(kernel, values, 5, count, columns);
                Outcome actual = pass.run(kernel, values, 5, count, columns);
                String what = "%s, %s of %d, test.seed %d".formatted(kernel.name(), pass, count, Blocks.SEED);
                assertThat(actual.values).as(what).isEqualTo(expected.values);
                assertThat(actual.columns).as(what).isEqualTo(expected.columns);
                for (int k = 0; k < expected.sums.length; k++) { // positive terms or not, none is larger than 20
                    assertThat(actual.sums[k]).as(what).isCloseTo(expected.sums[k], within(MOST * 20 * MOST * 0x1p-24));
                }
            }
        }
    }

    private static float[] random(int count, Random random) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() * 2 - 1;
        }
        return values;
    }

    private record Outcome(float[] values, float[] columns, double[] sums) {}

    private enum Pass {
        SIGMOID,
        SIGMOID_OF_LINES,
        SHIFTED_EXPONENTIALS,
        SHIFTED_GRADIENT,
        SCALE_AND_MAX,
        EXPONENTIALS,
        SOFTMAX_GRADIENT;

        Outcome run(ElementwiseKernel kernel, float[] from, int at, int count, float[] columnsFrom) {
            float[] values = from.clone();
            float[] columns = columnsFrom.clone();
            double[] sums = new double[ElementwiseKernel.SUMS];
            switch (this) {
                case SIGMOID -> kernel.sigmoid(values, at, count, 7, -2, sums);
                case SIGMOID_OF_LINES -> kernel.sigmoid(values, at, count, 7, -2, columns, 0, sums);
                case SHIFTED_EXPONENTIALS -> sums[0] = kernel.addExponentials(values, at, count, 2, 3, columns);
                case SHIFTED_GRADIENT -> sums[0] = kernel.softmaxGradient(values, at, count, 2, 3, 0.5f, columns);
                case SCALE_AND_MAX -> sums[0] = kernel.scaleAndMax(values, at, count, 7, columns);
                case EXPONENTIALS -> sums[0] = kernel.addExponentials(values, at, count, 1, columnsFrom, columns);
                case SOFTMAX_GRADIENT -> sums[0] = kernel.softmaxGradient(values, at, count, 7, 8, columns);
            }
            return new Outcome(values, columns, sums);
        }

        /** The same by calls for one element each. */
        Outcome runOneByOne(ElementwiseKernel kernel, float[] from, int at, int count, float[] columnsFrom) {
            float[] values = from.clone();
            float[] columns = columnsFrom.clone();
            double[] sums = new double[ElementwiseKernel.SUMS];
            sums[0] = this == SCALE_AND_MAX ? Double.NEGATIVE_INFINITY : 0;
            for (int i = 0; i < count; i++) {
                Outcome one =
                        run(kernel, Arrays.copyOfRange(from, at + i, at + i + 1), 0, 1, new float[] {columnsFrom[i]});
                values[at + i] = one.values[0];
                columns[i] = one.columns[0];
                for (int k = 0; k < sums.length; k++) {
                    sums[k] = this == SCALE_AND_MAX ? Math.max(sums[k], one.sums[k]) : sums[k] + one.sums[k];
                }
            }
            return new Outcome(values, columns, sums);
        }
    }
}
