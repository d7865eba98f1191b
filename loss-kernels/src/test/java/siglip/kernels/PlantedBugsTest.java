package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Operand;

/** Small mistakes in a kernel or a library fall outside the bounds that the right ones stay within. */
class PlantedBugsTest {
    private static final int TILE = 16;
    private static final int N = 37;
    private static final LogitParams PARAMS = new LogitParams(Math.log(10), -3);

    private final Matrix images = Blocks.unitRows(N, 24, new Random(Blocks.SEED));
    private final Matrix texts = Blocks.unitRows(N, 24, new Random(Blocks.SEED + 1));

    private void assertCaught(ElementwiseKernel kernel, MatrixProducts products, boolean softmax, String result) {
        Workspace workspace = new Workspace(TILE);
        PairLabels labels = PairLabels.diagonal(N);
        double[][] x = ReferenceLoss.values(images);
        double[][] y = ReferenceLoss.values(texts);
        assertThatThrownBy(() -> {
                    if (softmax) {
                        Results.softmax(new SoftmaxLoss(products, kernel, workspace), images, texts, labels, PARAMS, 1)
                                .assertClose(ReferenceLoss.softmax(x, y, labels, PARAMS), TILE, 1, "softmax");
                    } else {
                        Results.sigmoid(new SigmoidLoss(products, kernel, workspace), images, texts, labels, PARAMS, 1)
                                .assertClose(ReferenceLoss.sigmoid(x, y, labels, PARAMS), TILE, 1, "sigmoid");
                    }
                })
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining(result + ", " + (softmax ? "softmax" : "sigmoid"));
    }

    /** Leaves the last element of a row out of one of the sums. */
    private record SumWithoutTail(int sum) implements ElementwiseKernel {
        private static final ElementwiseKernel RIGHT = new ScalarKernel();

        @Override
        public String name() {
            return "sum " + sum + " without its tail";
        }

        @Override
        public void sigmoid(float[] values, int from, int count, float scale, float bias, double[] sums) {
            double[] last = new double[SUMS];
            RIGHT.sigmoid(values.clone(), from + count - 1, 1, scale, bias, last);
            RIGHT.sigmoid(values, from, count, scale, bias, sums);
            sums[sum] -= last[sum];
        }

        @Override
        public void sigmoid(
                float[] values,
                int from,
                int count,
                float scale,
                float rowBias,
                float[] columnBiases,
                int column,
                double[] sums) {
            RIGHT.sigmoid(values, from, count, scale, rowBias, columnBiases, column, sums);
        }

        @Override
        public double addExponentials(float[] values, int from, int count, float scale, int shift, float[] columnSums) {
            double all = RIGHT.addExponentials(values, from, count, scale, shift, columnSums);
            double last = RIGHT.addExponentials(values, from + count - 1, 1, scale, shift, new float[1]);
            return sum == LOSS ? all - last : all;
        }

        @Override
        public double softmaxGradient(
                float[] values, int from, int count, float scale, int shift, float rowFactor, float[] columnFactors) {
            float last = values[from + count - 1];
            double all = RIGHT.softmaxGradient(values, from, count, scale, shift, rowFactor, columnFactors);
            return sum == GRADIENT_BY_SIMILARITY ? all - values[from + count - 1] / scale * last : all;
        }

        @Override
        public Negatives negatives() {
            return RIGHT.negatives();
        }

        @Override
        public float scaleAndMax(float[] values, int from, int count, float scale, float[] columnMaxima) {
            return RIGHT.scaleAndMax(values, from, count, scale, columnMaxima);
        }

        @Override
        public double addExponentials(
                float[] values, int from, int count, float rowMax, float[] columnMaxima, float[] columnSums) {
            double all = RIGHT.addExponentials(values, from, count, rowMax, columnMaxima, columnSums);
            return sum == LOSS ? all - ScalarKernel.exp(values[from + count - 1] - rowMax) : all;
        }

        @Override
        public double softmaxGradient(
                float[] values, int from, int count, float scale, float rowLogSum, float[] columnLogSums) {
            float last = values[from + count - 1];
            double all = RIGHT.softmaxGradient(values, from, count, scale, rowLogSum, columnLogSums);
            return sum == GRADIENT_BY_SIMILARITY ? all - values[from + count - 1] / scale * last : all;
        }
    }

    @Test
    void aLossWithoutItsTailIsCaught() {
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            assertCaught(new SumWithoutTail(ElementwiseKernel.LOSS), products, false, "loss");
            assertCaught(new SumWithoutTail(ElementwiseKernel.LOSS), products, true, "loss");
        }
    }

    @Test
    void aBiasGradientWithoutItsTailIsCaught() {
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            assertCaught(new SumWithoutTail(ElementwiseKernel.GRADIENT), products, false, "bias gradient");
        }
    }

    @Test
    void aLogScaleGradientWithoutItsTailIsCaught() {
        ElementwiseKernel kernel = new SumWithoutTail(ElementwiseKernel.GRADIENT_BY_SIMILARITY);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            assertCaught(kernel, products, false, "log scale gradient");
            assertCaught(kernel, products, true, "log scale gradient");
        }
    }

    private enum ProductBug {
        /** The gradient of images misses the last text of each tile. */
        LAST_TEXT_DROPPED("image gradient"),
        /** The gradient of texts keeps only what the last tile of images adds. */
        TEXT_GRADIENT_OVERWRITTEN("text gradient"),
        /** Similarities have the 8 bits of precision of bfloat16; which result shows it first depends on the data. */
        SIMILARITIES_ROUNDED("");

        private final String result;

        ProductBug(String result) {
            this.result = result;
        }
    }

    /** The plain Java products with one mistake. */
    private record WrongProducts(MatrixProducts right, ProductBug bug) implements MatrixProducts {
        @Override
        public String name() {
            return "wrong: " + bug;
        }

        @Override
        public void timesTransposed(Operand a, Operand b, Matrix c, Into into) {
            right.timesTransposed(a, b, c, into);
            if (bug == ProductBug.SIMILARITIES_ROUNDED) {
                for (int i = 0; i < c.rows(); i++) {
                    for (int j = 0; j < c.columns(); j++) {
                        c.set(i, j, Float.intBitsToFloat(Float.floatToRawIntBits(c.get(i, j)) + 0x8000 & 0xffff0000));
                    }
                }
            }
        }

        @Override
        public void times(Operand a, Operand b, Matrix c, Into into) {
            if (bug == ProductBug.LAST_TEXT_DROPPED) {
                Matrix gradient = a.matrix();
                for (int i = 0; i < gradient.rows(); i++) {
                    gradient.set(i, gradient.columns() - 1, 0);
                }
            }
            right.times(a, b, c, into);
        }

        @Override
        public void transposedTimes(Operand a, Operand b, Matrix c, Into into) {
            right.transposedTimes(a, b, c, bug == ProductBug.TEXT_GRADIENT_OVERWRITTEN ? Into.OVERWRITE : into);
        }

        @Override
        public void close() {
            right.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aWrongProductIsCaught(ProductBug bug) {
        try (MatrixProducts products = new WrongProducts(MatrixProducts.open("java", "fp32"), bug)) {
            assertCaught(new ScalarKernel(), products, false, bug.result);
            assertCaught(new ScalarKernel(), products, true, bug.result);
        }
    }
}
