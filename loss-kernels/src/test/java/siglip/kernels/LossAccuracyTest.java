package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

/** Both losses against the reference, within derived bounds: shapes, policies, slices, and every kernel and library. */
class LossAccuracyTest {
    private static final LogitParams START = new LogitParams(Math.log(10), -10);
    private static final LogitParams LATE = new LogitParams(Math.log(110), -12.5);

    private final Random random = new Random(Blocks.SEED);

    static Stream<ElementwiseKernel> kernels() {
        return Kernels.all();
    }

    /** Runs both losses and holds them to the reference. */
    private static void assertAccurate(
            MatrixProducts products,
            ElementwiseKernel kernel,
            int tile,
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            int slices) {
        Workspace workspace = new Workspace(tile);
        SigmoidLoss sigmoid = new SigmoidLoss(products, kernel, workspace);
        SoftmaxLoss softmax = new SoftmaxLoss(products, kernel, workspace);
        String what = "%s, %s, %d x %d x %d, tile %d, %d slices, %s, %s, test.seed %d"
                .formatted(
                        kernel.name(),
                        products.name(),
                        images.rows(),
                        texts.rows(),
                        images.columns(),
                        tile,
                        slices,
                        labels.duplicates(),
                        params,
                        Blocks.SEED);
        double[][] x = ReferenceLoss.values(images);
        double[][] y = ReferenceLoss.values(texts);
        Results.sigmoid(sigmoid, images, texts, labels, params, slices)
                .assertClose(ReferenceLoss.sigmoid(x, y, labels, params), tile, slices, "sigmoid, " + what);
        Results.softmax(softmax, images, texts, labels, params, slices)
                .assertClose(ReferenceLoss.softmax(x, y, labels, params), tile, slices, "softmax, " + what);
    }

    @ParameterizedTest
    @MethodSource("kernels")
    void everyKernelStaysWithinItsBoundsForEveryShapeAndPolicy(ElementwiseKernel kernel) {
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            for (int n : new int[] {1, 2, 3, 15, 16, 17, 31, 33, 50}) {
                for (int dim : new int[] {1, 3, 17, 64}) {
                    Matrix images = Blocks.unitRows(n, dim, random);
                    Matrix texts = Blocks.unitRows(n, dim, random);
                    for (DuplicatePolicy policy : DuplicatePolicy.values()) {
                        for (LogitParams params : List.of(START, LATE)) {
                            PairLabels labels = Blocks.batch(Blocks.concepts(n, random), policy);
                            assertAccurate(products, kernel, 16, images, texts, labels, params, 1);
                        }
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "openblas", "java"})
    void everyLibraryStaysWithinTheBounds(String library) {
        Matrix images = Blocks.unitRows(70, 33, random);
        Matrix texts = Blocks.unitRows(70, 33, random);
        try (MatrixProducts products = MatrixProducts.open(library, "fp32")) {
            for (DuplicatePolicy policy : DuplicatePolicy.values()) {
                PairLabels labels = Blocks.batch(Blocks.concepts(70, random), policy);
                assertAccurate(products, Kernels.one(), 32, images, texts, labels, LATE, 1);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 4, 8})
    void slicesAddUpToTheWhole(int slices) {
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            for (int n : new int[] {8, 48, 61}) { // divisible by all, by most, by none
                Matrix images = Blocks.unitRows(n, 24, random);
                Matrix texts = Blocks.unitRows(n, 24, random);
                for (DuplicatePolicy policy : DuplicatePolicy.values()) {
                    PairLabels labels = Blocks.batch(Blocks.concepts(n, random), policy);
                    assertAccurate(products, Kernels.one(), 8, images, texts, labels, START, slices);
                }
            }
        }
    }

    @Test
    void moreSlicesThanPairsLeaveSomeEmpty() {
        Matrix images = Blocks.unitRows(3, 4, random);
        Matrix texts = Blocks.unitRows(3, 4, random);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            assertAccurate(products, Kernels.one(), 8, images, texts, PairLabels.diagonal(3), START, 8);
        }
    }

    @Test
    void theDefaultTileHoldsOnABatchThatItDoesNotDivide() {
        Matrix images = Blocks.unitRows(700, 20, random);
        Matrix texts = Blocks.unitRows(700, 20, random);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            PairLabels labels = Blocks.batch(Blocks.concepts(700, random), DuplicatePolicy.MULTI_POSITIVE);
            assertAccurate(products, Kernels.one(), Numerics.AUTO.tile(), images, texts, labels, LATE, 1);
        }
    }

    @Test
    void aBlockNeedNotBeSquareNorHoldAPositive() {
        int[] imageConcepts = Blocks.concepts(20, random);
        int[] textConcepts = Blocks.concepts(45, random);
        Matrix images = Blocks.unitRows(20, 9, random);
        Matrix texts = Blocks.unitRows(45, 9, random);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            for (int firstText : new int[] {0, 7, 90, 110, 1000}) {
                for (DuplicatePolicy policy : DuplicatePolicy.values()) {
                    PairLabels labels = new PairLabels(100, firstText, imageConcepts, textConcepts, policy);
                    assertAccurate(products, Kernels.one(), 16, images, texts, labels, START, 1);
                }
            }
        }
    }

    @Test
    void everyPairMayBeAPositive() {
        Matrix images = Blocks.unitRows(40, 9, random);
        Matrix texts = Blocks.unitRows(40, 9, random);
        PairLabels labels = Blocks.batch(new int[40], DuplicatePolicy.MULTI_POSITIVE);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            assertAccurate(products, Kernels.one(), 16, images, texts, labels, START, 3);
        }
    }

    @Test
    void embeddingsNeedNotHaveLengthOne() {
        Matrix images = Blocks.unitRows(30, 12, random);
        Matrix texts = Blocks.unitRows(30, 12, random);
        for (int i = 0; i < 30; i++) {
            for (int k = 0; k < 12; k++) {
                images.set(i, k, images.get(i, k) * (i % 7));
                texts.set(i, k, texts.get(i, k) * (i % 5) * 3);
            }
        }
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            for (double logScale : new double[] {-3, 0, 2, 4.7}) {
                assertAccurate(
                        products,
                        Kernels.one(),
                        16,
                        images,
                        texts,
                        PairLabels.diagonal(30),
                        new LogitParams(logScale, 3),
                        2);
            }
        }
    }

    /** Rows and columns far apart: some tiles of the softmax sum at once, some by their maxima, and their sums are merged. */
    @Test
    void logSumExpsMayLieFarApart() {
        for (double farthest : new double[] {60, 90, 130, 300}) {
            Matrix images = Blocks.unitRows(40, 6, random);
            Matrix texts = Blocks.unitRows(40, 6, random);
            for (int i = 0; i < 40; i++) {
                for (int k = 0; k < 6; k++) {
                    images.set(i, k, (float) (images.get(i, k) * farthest / 100 * i / 40));
                }
                if (i % 9 == 4) { // a negative that is as near as a positive can be
                    texts.rows(i - 1, 1).copyFrom(texts.rows(i, 1));
                }
            }
            try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
                LogitParams params = new LogitParams(Math.log(100), 0);
                assertAccurate(products, Kernels.one(), 8, images, texts, PairLabels.diagonal(40), params, 2);
            }
        }
    }

    @Test
    void statisticsOfLogitsAreThoseOfTheReference() {
        int n = 37;
        Matrix images = Blocks.unitRows(n, 12, random);
        Matrix texts = Blocks.unitRows(n, 12, random);
        PairLabels labels = Blocks.batch(Blocks.concepts(n, random), DuplicatePolicy.MASK);
        ReferenceLoss reference =
                ReferenceLoss.sigmoid(ReferenceLoss.values(images), ReferenceLoss.values(texts), labels, START);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            SigmoidLoss loss = new SigmoidLoss(products, Kernels.one(), new Workspace(16));
            LossSums sums = Results.sigmoid(loss, images, texts, labels, START, 2).sums;

            double positives = 0;
            double negatives = 0;
            double most = Double.NEGATIVE_INFINITY;
            long negativeCount = 0;
            double error = 0;
            for (int i = 0; i < n; i++) {
                most = Math.max(most, reference.logit(i, i));
                for (int j = 0; j < n; j++) {
                    error += reference.bounds(16, 2).logitError(i, j);
                    positives += i == j ? reference.logit(i, j) : 0;
                    if (reference.pair(i, j) == ReferenceLoss.Pair.NEGATIVE) {
                        negatives += reference.logit(i, j);
                        negativeCount++;
                    }
                }
            }
            assertThat(sums.positives).isEqualTo(n);
            assertThat(sums.negatives).isEqualTo(negativeCount).isLessThan(n * (n - 1L));
            assertThat(sums.positiveLogits).isCloseTo(positives, within(error));
            assertThat(sums.negativeLogits).isCloseTo(negatives, within(error));
            assertThat(sums.maxPositiveLogit).isCloseTo(most, within(error));
        }
    }

    @Test
    void theSameBlockGivesTheSameBitsEveryTime() {
        Matrix images = Blocks.unitRows(75, 31, random);
        Matrix texts = Blocks.unitRows(75, 31, random);
        PairLabels labels = Blocks.batch(Blocks.concepts(75, random), DuplicatePolicy.MULTI_POSITIVE);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            SigmoidLoss loss = new SigmoidLoss(products, Kernels.one(), new Workspace(32));
            Results first = Results.sigmoid(loss, images, texts, labels, START, 2);
            for (int repeat = 0; repeat < 500; repeat++) { // compiled meanwhile
                Results again = Results.sigmoid(loss, images, texts, labels, START, 2);
                assertThat(again.sums.loss).isEqualTo(first.sums.loss);
                assertThat(again.sums.gradient(LossScalar.LOG_SCALE))
                        .isEqualTo(first.sums.gradient(LossScalar.LOG_SCALE));
                assertThat(again.imageGradient.toArray()).isEqualTo(first.imageGradient.toArray());
            }
        }
    }
}
