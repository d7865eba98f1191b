package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
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
