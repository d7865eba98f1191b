package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Precision;
import siglip.kernels.blas.RoundingProducts;

/** Losses with options against the reference, within the bounds of the plain ones: shapes, policies, slices, kernels, and bf16. */
class LossFormsAccuracyTest {
    private static final LogitParams START = new LogitParams(Math.log(10), -4);
    private static final LogitParams LATE = new LogitParams(Math.log(110), -12.5);
    private static final int TILE = 16;

    private final Random random = new Random(Blocks.SEED);

    static Stream<LossForm> forms() {
        return Stream.of(
                new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, 7.3)),
                new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, 0.01)),
                LossForm.plain(Loss.SIGMOID_RELATIVE),
                new LossForm(Loss.SIGMOID_RELATIVE, Map.of(LossOption.POSITIVE_WEIGHT, 3.0)),
                LossForm.plain(Loss.SIGMOID_SOLVED),
                LossForm.plain(Loss.SIGMOID_ADAPTIVE),
                LossForm.plain(Loss.HYBRID),
                new LossForm(Loss.HYBRID, Map.of(LossOption.SOFTMAX_SHARE, 0.1)),
                new LossForm(Loss.SOFTMAX, Map.of(LossOption.LABEL_SMOOTHING, 0.1)),
                new LossForm(Loss.SOFTMAX, Map.of(LossOption.LABEL_SMOOTHING, 1.0)),
                new LossForm(Loss.SIGMOID, Map.of(LossOption.RANDOM_NEGATIVES, 0.3)),
                new LossForm(Loss.SIGMOID, Map.of(LossOption.HARDEST_NEGATIVES, 0.25)),
                new LossForm(Loss.SIGMOID_RELATIVE, Map.of(LossOption.EASIEST_NEGATIVES, 0.6)),
                new LossForm(Loss.SIGMOID, Map.of(LossOption.VRNS_WEIGHT, 30.0)),
                new LossForm(
                        Loss.SIGMOID_RELATIVE,
                        Map.of(
                                LossOption.VRNS_WEIGHT,
                                5.0,
                                LossOption.HARDEST_NEGATIVES,
                                0.5,
                                LossOption.POSITIVE_WEIGHT,
                                2.0)),
                new LossForm(Loss.SOFTMAX, Map.of(LossOption.VRNS_WEIGHT, 3.0, LossOption.LABEL_SMOOTHING, 0.1)));
    }

    private static Results results(
            MatrixProducts products,
            ElementwiseKernel kernel,
            LossForm form,
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            int slices) {
        Workspace workspace = new Workspace(TILE);
        SigmoidLoss sigmoid = new SigmoidLoss(products, kernel, workspace);
        return switch (form.loss()) {
            case SIGMOID, SIGMOID_RELATIVE -> form.needsHistogram()
                    ? Results.ofRange(
                            new HistogramPass(products, workspace),
                            sigmoid,
                            form,
                            images,
                            texts,
                            labels,
                            params,
                            slices)
                    : Results.sigmoid(sigmoid, form, images, texts, labels, params, slices);
            case SIGMOID_SOLVED -> Results.solved(
                    new HistogramPass(products, workspace), sigmoid, images, texts, labels, params, slices);
            case SIGMOID_ADAPTIVE -> Results.adaptive(
                    new SoftmaxLoss(products, kernel, workspace),
                    new AdaptiveSigmoidLoss(products, kernel, workspace),
                    images,
                    texts,
                    labels,
                    params,
                    slices);
            case SOFTMAX, HYBRID -> Results.softmax(
                    new SoftmaxLoss(products, kernel, workspace), form, images, texts, labels, params, slices);
        };
    }

    private static ReferenceLoss reference(
            LossForm form, Matrix images, Matrix texts, PairLabels labels, LogitParams params) {
        return ReferenceLoss.of(form, ReferenceLoss.values(images), ReferenceLoss.values(texts), labels, params);
    }

    @ParameterizedTest
    @MethodSource("forms")
    void everyKernelStaysWithinTheBoundsForEveryShapeAndPolicyInOneSliceOrMore(LossForm form) {
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            for (ElementwiseKernel kernel : Kernels.all().toList()) {
                for (int n : new int[] {1, 2, 15, 17, 50}) {
                    Matrix images = Blocks.unitRows(n, 17, random);
                    Matrix texts = Blocks.unitRows(n, 17, random);
                    for (DuplicatePolicy policy : DuplicatePolicy.values()) {
                        PairLabels labels = Blocks.batch(Blocks.concepts(n, random), policy);
                        for (LogitParams params : List.of(START, LATE)) {
                            for (int slices : new int[] {1, 3}) {
                                String what = "%s, %s, n %d, %s, %s, %d slices, test.seed %d"
                                        .formatted(form, kernel.name(), n, policy, params, slices, Blocks.SEED);
                                results(products, kernel, form, images, texts, labels, params, slices)
                                        .assertClose(
                                                reference(form, images, texts, labels, params), TILE, slices, what);
                            }
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void productsInBf16StayWithinTheBounds(LossForm form) {
        for (MatrixProducts products : RoundingProducts.all()) {
            try (products) {
                Matrix images = Blocks.unitRows(37, 24, random);
                Matrix texts = Blocks.unitRows(37, 24, random);
                PairLabels labels = Blocks.batch(Blocks.concepts(37, random), DuplicatePolicy.MULTI_POSITIVE);
                ReferenceLoss expected =
                        reference(form, RoundingProducts.round(images), RoundingProducts.round(texts), labels, START);
                results(products, Kernels.one(), form, images, texts, labels, START, 2)
                        .assertClose(
                                expected,
                                expected.bounds(TILE, 2, Precision.FP32, Precision.BF16),
                                "%s, %s, test.seed %d".formatted(form, products.name(), Blocks.SEED));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void theBoundsTellTheOptionsFromThePlainLoss(LossForm form) {
        assumeTrue(!form.named().isEmpty());
        Matrix images = Blocks.unitRows(37, 24, random);
        Matrix texts = Blocks.unitRows(37, 24, random);
        PairLabels labels = PairLabels.diagonal(37);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            Results plain =
                    results(products, Kernels.one(), LossForm.plain(form.loss()), images, texts, labels, START, 1);
            ReferenceLoss expected = reference(form, images, texts, labels, START);
            assertThatThrownBy(() -> plain.assertClose(expected, TILE, 1, form.toString()))
                    .isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void aWeightOfTheNumberOfNegativesBalancesTheBiasAtZero() {
        int n = 33;
        Matrix zero = Matrix.allocate(n, 4);
        LossForm balanced = new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, n - 1.0));
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            Results results = results(
                    products, Kernels.one(), balanced, zero, zero, PairLabels.diagonal(n), new LogitParams(0, 0), 1);
            assertThat(results.sums.gradient(LossScalar.BIAS)).isEqualTo(0);
        }
    }
}
