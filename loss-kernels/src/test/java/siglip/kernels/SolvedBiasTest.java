package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.DoubleBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.lines.NegativeCounter;
import siglip.kernels.lines.SimilarityHistogram;
import siglip.kernels.lines.SolvedBias;

/** The bias that a histogram of similarities gives is the one at which the sigmoid loss of all pairs is least. */
class SolvedBiasTest {
    private static final int N = 61;
    private static final double BIN = 1.0 / SimilarityHistogram.BINS_PER_UNIT;

    private final Random random = new Random(Blocks.SEED);
    private final SolvedBias solved = new SolvedBias();

    private static SimilarityHistogram histogram(Matrix images, Matrix texts, PairLabels labels, int tile) {
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            new HistogramPass(products, new Workspace(tile))
                    .accumulate(new PairBlock(images, texts, labels, LossScalars.of(Loss.SIGMOID, 0, 0)), histogram);
        }
        return histogram;
    }

    private static void addNegatives(SimilarityHistogram histogram, float... similarities) {
        NegativeCounter counter = new NegativeCounter();
        counter.add(similarities, 0, similarities.length, histogram);
        counter.flush(histogram);
    }

    /** By halves, of all pairs in {@code double}. */
    private static double exact(double[][] images, double[][] texts, PairLabels labels, double scale) {
        double least = -3 * scale - 100;
        double most = 3 * scale + 100;
        for (int i = 0; i < 200; i++) {
            double middle = (least + most) / 2;
            boolean above = ReferenceLoss.sigmoid(images, texts, labels, new LogitParams(Math.log(scale), middle))
                            .biasGradient()
                    > 0;
            least = above ? least : middle;
            most = above ? middle : most;
        }
        return least;
    }

    @ParameterizedTest
    @EnumSource
    void theBiasIsThatOfAllPairs(DuplicatePolicy policy) {
        Matrix images = Blocks.unitRows(N, 24, random);
        Matrix texts = Blocks.unitRows(N, 24, random);
        PairLabels labels = Blocks.batch(Blocks.concepts(N, random), policy);
        SimilarityHistogram histogram = histogram(images, texts, labels, 16);
        for (double scale : new double[] {1, 10, 100, 200}) {
            double expected = exact(ReferenceLoss.values(images), ReferenceLoss.values(texts), labels, scale);
            double bins = scale * scale * BIN * BIN / 8 * Math.exp(scale * BIN);
            double similarities = scale * (30 * 0x1p-24 + 0x1p-22);
            assertThat(solved.of(histogram, scale, 7))
                    .as("scale %s, test.seed %d", scale, Blocks.SEED)
                    .isCloseTo(expected, within(bins + similarities));
        }
    }

    @Test
    void movingAllLogitsMovesItBack() {
        float[] negatives = new float[500];
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        SimilarityHistogram moved = new SimilarityHistogram(SimilarityHistogram.LINES);
        for (int i = 0; i < negatives.length; i++) {
            negatives[i] = (float) (random.nextGaussian() / 10);
        }
        float by = 1000 * (float) BIN;
        addNegatives(histogram, negatives);
        for (int i = 0; i < negatives.length; i++) {
            negatives[i] += by;
        }
        addNegatives(moved, negatives);
        histogram.addPositive(0.25);
        moved.addPositive(0.25 + by);
        for (double scale : new double[] {1, 10, 200}) {
            assertThat(solved.of(moved, scale, 0))
                    .isCloseTo(solved.of(histogram, scale, 0) - scale * by, within(scale * 0x1p-22));
        }
    }

    /** Probabilities are then 0 and 1 but for their last bits: what is equal are two numbers of which a double holds no sum with 1. */
    @Test
    void itLiesInTheMiddleBetweenWhatIsFarApart() {
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        addNegatives(histogram, -0.5f, -0.5f);
        histogram.addPositive(0.75);
        histogram.addPositive(0.75);
        assertThat(solved.of(histogram, 200, 0)).isCloseTo(-25, within(1e-9));
        assertThat(solved.of(histogram, 1e6, 0)).isBetween(-750_000.0, 500_000.0); // anywhere between has loss 0
    }

    /** One pair of each kind is on the wrong side: their probabilities of nearly 1 must not hide the others of nearly 0. */
    @Test
    void itIsFoundWhereWrongPairsBalanceEachOther() {
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        addNegatives(histogram, -0.5f, 0.5f);
        histogram.addPositive(-0.25);
        histogram.addPositive(0.75);
        assertThat(solved.of(histogram, 100, 0)).isCloseTo(-12.5, within(1e-6));
    }

    @Test
    void withoutNegativesThereIsNone() {
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        assertThat(solved.of(histogram, 10, -3)).isEqualTo(-3);
        histogram.addPositive(0.5);
        assertThat(solved.of(histogram, 10, -3)).isEqualTo(-3);
    }

    @Test
    void notANumberIsNotHidden() {
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        addNegatives(histogram, 0, Float.NaN, 0.5f);
        histogram.addPositive(0.5);
        assertThat(solved.of(histogram, 10, 0)).isNaN();
    }

    @Test
    void whatIsTakenBackLeavesNothing() {
        float[] similarities = {-1, -0.99999f, -0.1f, 0, 0.1f, 0.7071f, 0.99999994f, 1, 1.5f, -2.5f};
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        NegativeCounter counter = new NegativeCounter();
        counter.add(similarities, 0, similarities.length, histogram);
        for (float similarity : similarities) {
            counter.remove(similarity, histogram);
        }
        counter.flush(histogram);
        DoubleBuffer all = DoubleBuffer.allocate(histogram.lines() * histogram.width());
        histogram.write(0, histogram.lines(), all);
        assertThat(all.array()).containsOnly(0);
    }

    /** As many as would overflow the counter of one bin, if that were not emptied in time. */
    @Test
    void manyEqualPairsAreAllCounted() {
        float[] row = new float[1 << 16];
        Arrays.fill(row, 0.12345f);
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        NegativeCounter counter = new NegativeCounter();
        int rows = 300;
        for (int i = 0; i < rows; i++) {
            counter.add(row, 0, row.length, histogram);
        }
        counter.flush(histogram);
        int bin = (int) Math.floor((1 + 0.12345) * SimilarityHistogram.BINS_PER_UNIT);
        assertThat(histogram.count(bin)).isEqualTo((double) rows * row.length);
        assertThat(histogram.mean(bin)).isCloseTo(0.12345f, within(0x1p-22));
    }

    @Test
    void similaritiesBeyondOneKeepTheirMean() {
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        addNegatives(histogram, -7, -7);
        histogram.addPositive(5);
        histogram.addPositive(5);
        assertThat(solved.of(histogram, 10, 0)).isCloseTo(10, within(1e-9));
    }

    @ParameterizedTest
    @EnumSource
    void countsAreTheSameHoweverTheBatchIsCut(DuplicatePolicy policy) {
        Matrix images = Blocks.unitRows(N, 9, random);
        Matrix texts = Blocks.unitRows(N, 9, random);
        int[] concepts = Blocks.concepts(N, random);
        PairLabels labels = Blocks.batch(concepts, policy);
        SimilarityHistogram whole = histogram(images, texts, labels, 64);
        SimilarityHistogram cut = histogram(images, texts, labels, 7);
        double pairs = 0;
        for (int line = 0; line < SimilarityHistogram.LINES; line++) {
            assertThat(cut.count(line)).isEqualTo(whole.count(line));
            pairs += cut.count(line);
        }
        ReferenceLoss reference = ReferenceLoss.sigmoid(
                ReferenceLoss.values(images), ReferenceLoss.values(texts), labels, new LogitParams(0, 0));
        long kept = 0;
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                kept += reference.pair(i, j) == ReferenceLoss.Pair.MASKED ? 0 : 1;
            }
        }
        assertThat(pairs).isEqualTo((double) kept);
        assertThat(solved.of(cut, 10, 0)).isCloseTo(solved.of(whole, 10, 0), within(1e-12));
    }
}
