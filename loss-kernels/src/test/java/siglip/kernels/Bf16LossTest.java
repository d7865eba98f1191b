package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Operand;
import siglip.kernels.blas.Precision;
import siglip.kernels.blas.RoundingProducts;

/**
 * Both losses with products in bf16: within the bounds of fp32 but for the rounding of a tile's gradient, when the reference gets the rounded
 * embeddings, and within the documented ones when it gets the embeddings themselves.
 */
class Bf16LossTest {
    private static final LogitParams START = new LogitParams(Math.log(10), -10);
    private static final LogitParams LATE = new LogitParams(Math.log(110), -12.5);
    private static final int TILE = 16;

    private final Random random = new Random(Blocks.SEED);

    static Iterable<MatrixProducts> products() {
        return RoundingProducts.all();
    }

    private static void assertAccurate(
            MatrixProducts products, Matrix images, Matrix texts, PairLabels labels, LogitParams params, int slices) {
        Workspace workspace = new Workspace(TILE);
        String what = "%s, %d x %d x %d, %d slices, %s, %s, test.seed %d"
                .formatted(
                        products.name(),
                        images.rows(),
                        texts.rows(),
                        images.columns(),
                        slices,
                        labels.duplicates(),
                        params,
                        Blocks.SEED);
        Results sigmoid = Results.sigmoid(
                new SigmoidLoss(products, Kernels.one(), workspace), images, texts, labels, params, slices);
        Results softmax = Results.softmax(
                new SoftmaxLoss(products, Kernels.one(), workspace), images, texts, labels, params, slices);
        for (Precision embeddings : Precision.values()) {
            boolean given = embeddings == Precision.BF16;
            double[][] x = ReferenceLoss.values(given ? images : RoundingProducts.round(images));
            double[][] y = ReferenceLoss.values(given ? texts : RoundingProducts.round(texts));
            String where = (given ? "given embeddings, " : "rounded embeddings, ") + what;
            ReferenceLoss expected = ReferenceLoss.sigmoid(x, y, labels, params);
            sigmoid.assertClose(
                    expected, expected.bounds(TILE, slices, embeddings, Precision.BF16), "sigmoid, " + where);
            expected = ReferenceLoss.softmax(x, y, labels, params);
            softmax.assertClose(
                    expected, expected.bounds(TILE, slices, embeddings, Precision.BF16), "softmax, " + where);
        }
    }

    @ParameterizedTest
    @MethodSource("products")
    void everyShapeAndPolicyStaysWithinTheBounds(MatrixProducts products) {
        try (products) {
            for (int n : new int[] {1, 2, 15, 16, 17, 33, 50}) {
                for (int dim : new int[] {1, 3, 17, 64}) {
                    Matrix images = Blocks.unitRows(n, dim, random);
                    Matrix texts = Blocks.unitRows(n, dim, random);
                    for (DuplicatePolicy policy : DuplicatePolicy.values()) {
                        for (LogitParams params : List.of(START, LATE)) {
                            PairLabels labels = Blocks.batch(Blocks.concepts(n, random), policy);
                            assertAccurate(products, images, texts, labels, params, 1);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("products")
    void slicesAddUpToTheWhole(MatrixProducts products) {
        try (products) {
            for (int slices : new int[] {1, 2, 3, 4, 8}) {
                for (int n : new int[] {8, 48, 61}) {
                    Matrix images = Blocks.unitRows(n, 24, random);
                    Matrix texts = Blocks.unitRows(n, 24, random);
                    PairLabels labels = Blocks.batch(Blocks.concepts(n, random), DuplicatePolicy.MULTI_POSITIVE);
                    assertAccurate(products, images, texts, labels, START, slices);
                }
            }
        }
    }

    @ParameterizedTest
    @MethodSource("products")
    void oneHotRowsShowThatEveryIndexCounts(MatrixProducts products) {
        int n = 40;
        Matrix images = Matrix.allocate(n, n);
        Matrix texts = Matrix.allocate(n, n);
        for (int i = 0; i < n; i++) {
            images.set(i, i, 1 + i / 64f);
            texts.set(i, (i * 7 + 3) % n, 1 - i / 64f);
        }
        try (products) {
            assertAccurate(products, images, texts, PairLabels.diagonal(n), START, 1);
            assertAccurate(products, images, texts, PairLabels.diagonal(n), START, 3);
        }
    }

    @ParameterizedTest
    @MethodSource("products")
    void theSameBlockGivesTheSameBitsEveryTime(MatrixProducts products) {
        Matrix images = Blocks.unitRows(75, 31, random);
        Matrix texts = Blocks.unitRows(75, 31, random);
        PairLabels labels = PairLabels.diagonal(75);
        try (products) {
            SigmoidLoss loss = new SigmoidLoss(products, Kernels.one(), new Workspace(32));
            Results first = Results.sigmoid(loss, images, texts, labels, START, 2);
            for (int repeat = 0; repeat < 5; repeat++) {
                Results again = Results.sigmoid(loss, images, texts, labels, START, 2);
                assertThat(again.sums.loss).isEqualTo(first.sums.loss);
                assertThat(again.imageGradient.toArray()).isEqualTo(first.imageGradient.toArray());
                assertThat(again.textGradient.toArray()).isEqualTo(first.textGradient.toArray());
            }
        }
    }

    private enum Bug {
        /** The products of a tile's gradient read that of the first tile. */
        TILE_NOT_PREPARED_AGAIN,
        /** Similarities come out in bf16, as under autocast. */
        SIMILARITIES_ROUNDED,
        /** Texts are read as they are. */
        TEXTS_NOT_ROUNDED
    }

    /** Products in bf16 with one mistake. */
    private static final class WrongProducts implements MatrixProducts {
        private final MatrixProducts right = MatrixProducts.open("java", "fp32");
        private final Bug bug;
        private int prepared;
        private Matrix firstTile = Matrix.allocate(0, 0);

        WrongProducts(Bug bug) {
            this.bug = bug;
        }

        @Override
        public String name() {
            return "wrong: " + bug;
        }

        @Override
        public Operand prepare(Matrix matrix, Operand former) {
            prepared++;
            if (bug == Bug.TEXTS_NOT_ROUNDED && prepared == 1) {
                return right.prepare(matrix, former);
            }
            Matrix rounded = RoundingProducts.round(matrix);
            if (bug == Bug.TILE_NOT_PREPARED_AGAIN && matrix.rows() == TILE && matrix.columns() == TILE) {
                firstTile = firstTile.rows() == 0 ? rounded : firstTile;
                rounded = firstTile;
            }
            return right.prepare(rounded, former);
        }

        @Override
        public void timesTransposed(Operand a, Operand b, Matrix c, Into into) {
            right.timesTransposed(a, b, c, into);
            if (bug == Bug.SIMILARITIES_ROUNDED) {
                c.copyFrom(RoundingProducts.round(c));
            }
        }

        @Override
        public void times(Operand a, Operand b, Matrix c, Into into) {
            right.times(a, b, c, into);
        }

        @Override
        public void transposedTimes(Operand a, Operand b, Matrix c, Into into) {
            right.transposedTimes(a, b, c, into);
        }

        @Override
        public void close() {
            right.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aMistakeInTheRoundingIsCaught(Bug bug) {
        int n = 61;
        Matrix images = Blocks.unitRows(n, 24, random);
        Matrix texts = Blocks.unitRows(n, 24, random);
        try (MatrixProducts products = new WrongProducts(bug)) {
            assertThatThrownBy(() -> assertAccurate(products, images, texts, PairLabels.diagonal(n), START, 1))
                    .isInstanceOf(AssertionError.class)
                    .hasMessageContaining("rounded embeddings");
        }
    }

    @Test
    void numericsSayWhichPrecisionRan() {
        try (MatrixProducts best = MatrixProducts.open("auto", "auto");
                LossKernels kernels = LossKernels.open(new Numerics("auto", "auto", "auto", 64));
                LossKernels again = LossKernels.open(kernels.numerics())) {
            assertThat(kernels.numerics().precision())
                    .isEqualTo(best.precision().id());
            assertThat(kernels.products().precision()).isEqualTo(best.precision());
            assertThat(again.numerics()).isEqualTo(kernels.numerics());
        }
        try (LossKernels kernels = LossKernels.open(Numerics.AUTO)) {
            assertThat(kernels.numerics().precision()).isEqualTo("fp32");
        }
    }

    @Test
    void workingMemoryIsThatOfTheRoundedTextsAndOfTiles() {
        int n = 1000;
        int dim = 32;
        int tile = 64;
        Matrix rows = Matrix.allocate(n, dim);
        try (LossKernels kernels = LossKernels.open(new Numerics("auto", "auto", "auto", tile))) {
            boolean rounds = kernels.products().precision() == Precision.BF16;
            long before = kernels.footprint().total();
            kernels.sigmoid()
                    .accumulate(
                            new PairBlock(
                                    rows,
                                    rows,
                                    PairLabels.diagonal(n),
                                    LossScalars.of(Loss.SIGMOID, START.logScale(), START.bias())),
                            Matrix.allocate(n, dim),
                            Matrix.allocate(n, dim),
                            new LossSums());
            long expected = rounds ? 2L * (n * dim + tile * dim + tile * tile) : 0;
            assertThat(kernels.footprint().total() - before)
                    .isBetween(expected, expected + 2000); // row sums, alignment
        }
    }
}
