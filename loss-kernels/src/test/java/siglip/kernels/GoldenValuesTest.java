package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.kernels.blas.Matrix;

/** open_clip's own losses and gradients, computed by one process and by several, and torch's smoothed softmax: the reference and the kernels agree with them. */
class GoldenValuesTest {
    static List<GoldenValues> golden() {
        return GoldenValues.all();
    }

    @Test
    void holdBothLossesAndSeveralProcesses() {
        assertThat(golden()).anyMatch(GoldenValues::isSoftmax).anyMatch(g -> !g.isSoftmax());
        assertThat(golden()).anyMatch(g -> g.form().has(LossOption.LABEL_SMOOTHING));
        assertThat(golden()).extracting(g -> (int) g.number("world")).contains(1, 2, 3, 4);
    }

    /** open_clip computes in double too, in another order, and takes the softmax of a positive as a difference of logits. */
    private static double rounding(GoldenValues golden) {
        double largestLogit =
                golden.params().scale() * 3 + Math.abs(golden.params().bias()); // rows are shorter than sqrt(3)
        int n = golden.pairs();
        return 0x1p-53 * 16 * n * n * (1 + largestLogit) * (1 + largestLogit);
    }

    private static ReferenceLoss reference(GoldenValues golden) {
        double[][] images = ReferenceLoss.values(golden.matrix("images"));
        double[][] texts = ReferenceLoss.values(golden.matrix("texts"));
        PairLabels labels = PairLabels.diagonal(golden.pairs());
        return ReferenceLoss.of(golden.form(), images, texts, labels, golden.params());
    }

    @ParameterizedTest
    @MethodSource("golden")
    void areThoseOfTheReference(GoldenValues golden) {
        ReferenceLoss reference = reference(golden);
        int n = golden.pairs();
        double rounding = rounding(golden);

        assertThat(reference.loss()).isCloseTo(n * golden.number("loss"), within(rounding));
        assertThat(reference.logScaleGradient()).isCloseTo(n * golden.number("d_log_scale"), within(rounding));
        assertThat(reference.biasGradient()).isCloseTo(n * golden.number("d_bias"), within(rounding));
        assertClose(reference.imageGradient(), golden.rows("d_images", n), rounding);
        assertClose(reference.textGradient(), golden.rows("d_texts", n), rounding);
    }

    private static void assertClose(double[][] actual, double[][] expected, double tolerance) {
        for (int i = 0; i < expected.length; i++) {
            assertThat(actual[i]).containsExactly(expected[i], within(tolerance));
        }
    }

    @ParameterizedTest
    @MethodSource("golden")
    void areThoseOfTheKernels(GoldenValues golden) {
        int tile = 8; // most cases have 12 pairs
        int slices = (int) golden.number("world");
        int n = golden.pairs();
        Matrix images = golden.matrix("images");
        Matrix texts = golden.matrix("texts");
        PairLabels labels = PairLabels.diagonal(n);
        try (LossKernels kernels = LossKernels.open(new Numerics("auto", "fp32", Kernels.required(), tile))) {
            Results results = golden.isSoftmax()
                    ? Results.softmax(kernels.softmax(), golden.form(), images, texts, labels, golden.params(), slices)
                    : Results.sigmoid(kernels.sigmoid(), images, texts, labels, golden.params(), slices);
            ReferenceBounds bounds = reference(golden).bounds(tile, slices);

            assertThat(results.sums.loss)
                    .isCloseTo(n * golden.number("loss"), within(bounds.loss() + rounding(golden)));
            assertThat(results.sums.gradient(LossScalar.LOG_SCALE))
                    .isCloseTo(n * golden.number("d_log_scale"), within(bounds.logScaleGradient() + rounding(golden)));
            assertThat(results.sums.gradient(LossScalar.BIAS))
                    .isCloseTo(n * golden.number("d_bias"), within(bounds.biasGradient() + rounding(golden)));
            assertClose(results.imageGradient, golden.rows("d_images", n), bounds.imageGradient(), rounding(golden));
            assertClose(results.textGradient, golden.rows("d_texts", n), bounds.textGradient(), rounding(golden));
        }
    }

    private static void assertClose(Matrix actual, double[][] expected, double[][] bounds, double rounding) {
        for (int i = 0; i < expected.length; i++) {
            for (int k = 0; k < expected[i].length; k++) {
                assertThat((double) actual.get(i, k))
                        .as("row %d, column %d", i, k)
                        .isCloseTo(expected[i][k], within(bounds[i][k] + rounding));
            }
        }
    }
}
