package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

/** A pair that is learned well has a tiny loss and gradient, right in all their digits: nothing is lost in a difference. */
class PositivePairsTest {
    static Stream<ElementwiseKernel> kernels() {
        return Kernels.all();
    }

    /** Relative error of a result that is exp(-logit): that of the logit, and that of the kernel. */
    private static double tolerance(double expected, double logit) {
        return expected * Math.expm1(8 * 0x1p-24 * logit + ElementwiseKernel.RELATIVE_ERROR);
    }

    private static Matrix oneHot(int rows) {
        Matrix matrix = Matrix.allocate(rows, rows);
        for (int i = 0; i < rows; i++) {
            matrix.set(i, i, 1);
        }
        return matrix;
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void sigmoidKeepsItsRelativeAccuracyFarBeyond30(ElementwiseKernel kernel) {
        Matrix one = oneHot(1);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            SigmoidLoss loss = new SigmoidLoss(products, kernel, new Workspace(16));
            for (double logit : new double[] {0, 1, 5, 12, 15, 17, 30, 50, 80}) {
                LogitParams params = new LogitParams(Math.log(logit + 1), -1);
                Results results = Results.sigmoid(loss, one, one, PairLabels.diagonal(1), params, 1);

                double gradient = -1 / (1 + Math.exp(logit));
                double expected = Math.log1p(Math.exp(-logit));
                assertThat(results.sums.loss).isCloseTo(expected, within(tolerance(expected, logit + 2)));
                assertThat(results.sums.gradient(LossScalar.BIAS))
                        .isCloseTo(gradient, within(tolerance(-gradient, logit + 2)));
                assertThat((double) results.imageGradient.get(0, 0))
                        .isCloseTo(gradient * params.scale(), within(tolerance(-gradient * params.scale(), logit + 2)));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void softmaxKeepsItsRelativeAccuracyFarBeyond30(ElementwiseKernel kernel) {
        Matrix two = oneHot(2);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            SoftmaxLoss loss = new SoftmaxLoss(products, kernel, new Workspace(16));
            for (double logit : new double[] {1, 5, 12, 15, 17, 30, 50, 80}) {
                LogitParams params = new LogitParams(Math.log(logit), 0);
                Results results = Results.softmax(loss, two, two, PairLabels.diagonal(2), params, 1);

                double gradient = -1 / (1 + Math.exp(logit)); // of each positive; its row's only negative has logit 0
                double expected = 2 * Math.log1p(Math.exp(-logit));
                assertThat(results.sums.loss).isCloseTo(expected, within(tolerance(expected, logit + 2)));
                assertThat((double) results.imageGradient.get(0, 0))
                        .isCloseTo(gradient * logit, within(tolerance(-gradient * logit, logit + 2)));
                assertThat((double) results.imageGradient.get(0, 1))
                        .isCloseTo(-gradient * logit, within(tolerance(-gradient * logit, logit + 2)));
                assertThat(results.sums.gradient(LossScalar.LOG_SCALE))
                        .isCloseTo(2 * gradient * logit, within(tolerance(-2 * gradient * logit, logit + 2)));
            }
        }
    }

    /** What the losses must not do: the loss of a positive as that of a negative less its logit, in float. */
    @ParameterizedTest
    @MethodSource("kernels")
    void theToleranceCatchesADifference(ElementwiseKernel kernel) {
        for (double logit : new double[] {12, 15, 30}) {
            double[] sums = new double[ElementwiseKernel.SUMS];
            kernel.sigmoid(new float[] {1}, 0, 1, (float) logit, 0, sums);
            double byDifference = (float) sums[ElementwiseKernel.LOSS] - (float) logit;
            double expected = Math.log1p(Math.exp(-logit));

            assertThatThrownBy(
                            () -> assertThat(byDifference).isCloseTo(expected, within(tolerance(expected, logit + 2))))
                    .isInstanceOf(AssertionError.class);
        }
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void aBatchOfOnePairHasNoSoftmaxLoss(ElementwiseKernel kernel) {
        Matrix one = oneHot(1);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            SoftmaxLoss loss = new SoftmaxLoss(products, kernel, new Workspace(16));
            Results results =
                    Results.softmax(loss, one, one, PairLabels.diagonal(1), new LogitParams(Math.log(10), 0), 1);
            assertThat(results.sums.loss).isZero();
            assertThat(results.imageGradient.get(0, 0)).isZero();
            assertThat(results.textGradient.get(0, 0)).isZero();
        }
    }
}
