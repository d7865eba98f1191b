package siglip.kernels;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

/** Both losses against the reference, within derived bounds: shapes, policies, slices, and every kernel and library. */
class LossAccuracyTest {
    private static final LogitParams START = new LogitParams(Math.log(10), -10);
    private static final LogitParams LATE = new LogitParams(Math.log(110), -12.5);

    static Stream<ElementwiseKernel> kernels() {
        return Kernels.all();
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void staysWithinItsBoundsForEveryShape(ElementwiseKernel kernel) {
        Random random = new Random(Blocks.SEED);
        try (MatrixProducts products = MatrixProducts.open("auto")) {
            Workspace workspace = new Workspace(16);
            SigmoidLoss sigmoid = new SigmoidLoss(products, kernel, workspace);
            SoftmaxLoss softmax = new SoftmaxLoss(products, kernel, workspace);
            for (int n : new int[] {1, 2, 3, 15, 16, 17, 31, 33, 50}) {
                for (int dim : new int[] {1, 3, 8, 17, 64}) {
                    Matrix images = Blocks.unitRows(n, dim, random);
                    Matrix texts = Blocks.unitRows(n, dim, random);
                    for (DuplicatePolicy policy : DuplicatePolicy.values()) {
                        for (LogitParams params : List.of(START, LATE)) {
                            PairLabels labels = Blocks.batch(Blocks.captions(n, random), policy);
                            String what = "%s, n %d, dim %d, %s, %s, test.seed %d"
                                    .formatted(kernel.name(), n, dim, policy, params, Blocks.SEED);
                            double[][] x = ReferenceLoss.values(images);
                            double[][] y = ReferenceLoss.values(texts);
                            Results.sigmoid(sigmoid, images, texts, labels, params, 1)
                                    .assertClose(
                                            ReferenceLoss.sigmoid(x, y, labels, params), 16, 1, "sigmoid, " + what);
                            Results.softmax(softmax, images, texts, labels, params, 1)
                                    .assertClose(
                                            ReferenceLoss.softmax(x, y, labels, params), 16, 1, "softmax, " + what);
                        }
                    }
                }
            }
        }
    }
}
