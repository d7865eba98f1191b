package siglip.job.stability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import siglip.job.report.SampleRun;

/** Against cases whose figures are known, and against the formulas by brute force. */
class PairFiguresTest {
    private static final int N = 40;
    private static final int WIDTH = 16;

    private final Random random = new Random(SampleRun.SEED);

    private double[][] rows(int n) {
        double[][] rows = new double[n][WIDTH];
        for (double[] row : rows) {
            for (int k = 0; k < WIDTH; k++) {
                row[k] = random.nextGaussian();
            }
            unit(row);
        }
        return rows;
    }

    private static void unit(double[] row) {
        double length = Math.sqrt(Arrays.stream(row).map(x -> x * x).sum());
        for (int k = 0; k < row.length; k++) {
            row[k] /= length;
        }
    }

    private double[][] near(double[][] rows, double noise) {
        double[][] others = new double[rows.length][WIDTH];
        for (int i = 0; i < rows.length; i++) {
            for (int k = 0; k < WIDTH; k++) {
                others[i][k] = rows[i][k] + noise * random.nextGaussian();
            }
            unit(others[i]);
        }
        return others;
    }

    private static int[] distinct(int n) {
        int[] concepts = new int[n];
        Arrays.setAll(concepts, i -> i);
        return concepts;
    }

    /** The first d unit vectors, each its own text. */
    @Test
    void orthogonalPairsThatCoincideAreAsSpreadAsTheyCanBe() {
        double[][] axes = new double[WIDTH][WIDTH];
        for (int i = 0; i < WIDTH; i++) {
            axes[i][i] = 1;
        }
        Map<PairFigure, Double> figures = PairFigures.of(axes, axes, distinct(WIDTH), 10, -5, WIDTH);

        assertThat(figures.get(PairFigure.PAIRS)).isEqualTo(WIDTH);
        assertThat(figures.get(PairFigure.ALIGNMENT)).isZero();
        assertThat(figures.get(PairFigure.IMAGE_UNIFORMITY)).isCloseTo(-4, within(1e-12));
        assertThat(figures.get(PairFigure.IMAGE_RANK)).isCloseTo(WIDTH, within(1e-3));
        assertThat(figures.get(PairFigure.TEXT_PARTICIPATION)).isCloseTo(WIDTH, within(1e-9));
        assertThat(figures.get(PairFigure.MODALITY_GAP)).isZero();
        assertThat(figures.get(PairFigure.AUROC)).isOne();
        assertThat(figures.get(PairFigure.MARGIN)).isEqualTo(0.5);
        assertThat(figures.get(PairFigure.RELATIVE_BIAS)).isEqualTo(0.5);
        assertThat(figures.get(PairFigure.INFONCE)).isCloseTo(0, within(1e-6));
        assertThat(figures.get(PairFigure.MEAN_LOGIT)).isCloseTo(10.0 / WIDTH - 5, within(1e-12));
    }

    @Test
    void collapsedPairsTellNothingApart() {
        double[][] same = new double[N][WIDTH];
        for (double[] row : same) {
            row[0] = 1;
        }
        Map<PairFigure, Double> figures = PairFigures.of(same, same, distinct(N), 10, -5, N);

        assertThat(figures.get(PairFigure.IMAGE_UNIFORMITY)).isZero();
        assertThat(figures.get(PairFigure.IMAGE_RANK)).isCloseTo(1, within(1e-3));
        assertThat(figures.get(PairFigure.AUROC)).isEqualTo(0.5);
        assertThat(figures.get(PairFigure.NEGATIVE_VARIANCE)).isZero();
        assertThat(figures.get(PairFigure.INFONCE)).isCloseTo(Math.log(N), within(1e-9));
        assertThat(figures.get(PairFigure.PAIR_ENTROPY))
                .as("the loss of the best constant predictor")
                .isCloseTo(Math.log(N) + (N - 1) * Math.log(N / (N - 1.0)), within(1e-6));
    }

    @Test
    void fittedLossesAreTheLeastOfAGrid() {
        double[][] images = rows(N);
        double[][] texts = near(images, 0.35);
        Map<PairFigure, Double> figures = PairFigures.of(images, texts, distinct(N), 10, -5, N);
        double infoNce = Double.POSITIVE_INFINITY;
        double entropy = Double.POSITIVE_INFINITY;
        for (double scale = 0.5; scale < 60; scale *= 1.02) {
            infoNce = Math.min(infoNce, infoNce(images, texts, scale));
            for (double bias = -30; bias < 5; bias += 0.1) {
                entropy = Math.min(entropy, entropy(images, texts, scale, bias));
            }
        }

        assertThat(figures.get(PairFigure.INFONCE))
                .isCloseTo(infoNce, within(1e-3))
                .isLessThanOrEqualTo(infoNce + 1e-9);
        assertThat(figures.get(PairFigure.PAIR_ENTROPY))
                .isCloseTo(entropy, within(5e-3))
                .isLessThanOrEqualTo(entropy + 1e-9);
        assertThat(figures.get(PairFigure.CALIBRATION))
                .isCloseTo(entropy(images, texts, 10, -5) - figures.get(PairFigure.PAIR_ENTROPY), within(1e-9));
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }

    private static double infoNce(double[][] images, double[][] texts, double scale) {
        double loss = 0;
        for (int i = 0; i < images.length; i++) {
            double row = 0;
            double column = 0;
            for (int j = 0; j < images.length; j++) {
                row += Math.exp(scale * dot(images[i], texts[j]));
                column += Math.exp(scale * dot(images[j], texts[i]));
            }
            loss += (Math.log(row) + Math.log(column)) / 2 - scale * dot(images[i], texts[i]);
        }
        return loss / images.length;
    }

    private static double entropy(double[][] images, double[][] texts, double scale, double bias) {
        double loss = 0;
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < images.length; j++) {
                double logit = scale * dot(images[i], texts[j]) + bias;
                loss += Math.log1p(Math.exp(i == j ? -logit : logit));
            }
        }
        return loss / images.length;
    }

    @Test
    void geometryIsThatOfTheFormulas() {
        double[][] images = rows(N);
        double[][] texts = near(images, 0.5);
        Map<PairFigure, Double> figures = PairFigures.of(images, texts, distinct(N), 10, Double.NaN, N);
        double alignment = 0;
        double won = 0;
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < WIDTH; k++) {
                alignment += Math.pow(images[i][k] - texts[i][k], 2) / N;
            }
            for (int a = 0; a < N; a++) {
                for (int b = 0; b < N; b++) {
                    won += a != b && dot(images[i], texts[i]) > dot(images[a], texts[b]) ? 1 : 0;
                }
            }
        }

        assertThat(figures.get(PairFigure.ALIGNMENT)).isCloseTo(alignment, within(1e-9));
        assertThat(figures.get(PairFigure.AUROC)).isCloseTo(won / N / (N * (N - 1.0)), within(1e-12));
        assertThat(figures)
                .as("a loss without a bias has no such calibration")
                .doesNotContainKey(PairFigure.CALIBRATION);
    }

    @Test
    void pairsOfOneConceptAreNoNegativesOfEachOther() {
        double[][] images = rows(N);
        double[][] twice = new double[2 * N][];
        int[] concepts = new int[2 * N];
        for (int i = 0; i < 2 * N; i++) {
            twice[i] = images[i % N];
            concepts[i] = i % N;
        }
        Map<PairFigure, Double> figures = PairFigures.of(twice, twice, concepts, 10, -5, N);

        assertThat(figures.get(PairFigure.AUROC)).isOne();
        assertThat(figures.get(PairFigure.INFONCE)).isCloseTo(0, within(1e-6));
    }

    @Test
    void whatIsNoNumberHasNoFigures() {
        double[][] images = rows(N);
        double[][] texts = near(images, 0.1);
        texts[3][2] = Double.NaN;

        assertThat(PairFigures.of(images, texts, distinct(N), 10, -5, N)).isEmpty();
    }

    @Test
    void rowsThatAreAllZeroHaveThoseThatThereAre() {
        double[][] zeros = new double[N][WIDTH];

        assertThat(PairFigures.of(zeros, zeros, distinct(N), 10, -5, N))
                .containsEntry(PairFigure.AUROC, 0.5)
                .doesNotContainKey(PairFigure.IMAGE_RANK);
    }

    @Test
    void oneConceptAloneHasNoFigures() {
        assertThat(PairFigures.of(rows(3), rows(3), new int[3], 10, -5, N)).isEmpty();
    }

    /** All images in one place and all texts in another: every image is pushed alike, and every negative is as hard as any other. */
    @Test
    void pairsThatLieTogetherArePushedTogether() {
        double[][] first = new double[N][WIDTH];
        double[][] second = new double[N][WIDTH];
        for (int i = 0; i < N; i++) {
            first[i][0] = 1;
            second[i][0] = 0.6;
            second[i][1] = 0.8;
        }
        for (double bias : new double[] {-3, Double.NaN}) {
            Map<PairFigure, Double> figures = PairFigures.of(first, second, distinct(N), 10, bias, N);

            assertThat(figures.get(PairFigure.HARDEST_NEGATIVE_LOGIT))
                    .isCloseTo(6 + (Double.isNaN(bias) ? 0 : bias), within(1e-12));
            assertThat(figures.get(PairFigure.HARDEST_NEGATIVE_SHARE)).isCloseTo(1.0 / (N - 1), within(1e-12));
        }
        assertThat(PairFigures.of(first, second, distinct(N), 10, -3, N).get(PairFigure.IMAGE_COMMON_GRADIENT))
                .isCloseTo(1, within(1e-9));
    }

    /** All similarities are alike and b is that of a batch of 1,000: positives pull as much as the negatives of the batch push, and their sum is nearly nothing. */
    @Test
    void aFewNegativesCountAsMuchAsThoseOfTheBatchThatTheBiasWasLearnedOn() {
        double[][] images = rows(N);
        double[][] texts = near(images, 0.3); // of the same images the positives would move nothing along the sphere
        double bias = -Math.log(999);

        double asInTheBatch =
                PairFigures.of(images, texts, distinct(N), 1e-9, bias, 1000).get(PairFigure.IMAGE_COMMON_GRADIENT);
        double asHere =
                PairFigures.of(images, texts, distinct(N), 1e-9, bias, N).get(PairFigure.IMAGE_COMMON_GRADIENT);

        assertThat(asInTheBatch)
                .isCloseTo(
                        PairFigures.of(images, texts, distinct(N), 1e-9, -Math.log(N - 1), N)
                                .get(PairFigure.IMAGE_COMMON_GRADIENT),
                        within(1e-6));
        assertThat(asHere).isNotCloseTo(asInTheBatch, within(1e-3));
        assertThat(PairFigures.of(images, texts, distinct(N), 1e-9, bias, 1000).get(PairFigure.CALIBRATION))
                .isLessThan(PairFigures.of(images, texts, distinct(N), 1e-9, bias, N)
                        .get(PairFigure.CALIBRATION));
    }

    /** The formula against differences of the loss at each image, moved along the sphere. */
    @Test
    void theCommonGradientIsThatOfDifferences() {
        double[][] images = rows(N);
        double[][] texts = near(images, 0.3);
        for (double bias : new double[] {-4, Double.NaN}) {
            double[] sum = new double[WIDTH];
            double squares = 0;
            for (int i = 0; i < N; i++) {
                for (int k = 0; k < WIDTH; k++) {
                    double g =
                            (moved(images, texts, i, k, 1e-5, bias) - moved(images, texts, i, k, -1e-5, bias)) / 2e-5;
                    sum[k] += g;
                    squares += g * g;
                }
            }
            double share = Arrays.stream(sum).map(g -> g * g).sum() / (N * squares);

            assertThat(PairFigures.of(images, texts, distinct(N), 8, bias, N).get(PairFigure.IMAGE_COMMON_GRADIENT))
                    .isCloseTo(share, within(1e-5));
            assertThat(PairFigures.of(texts, images, distinct(N), 8, bias, N).get(PairFigure.TEXT_COMMON_GRADIENT))
                    .isCloseTo(share, within(1e-5));
        }
    }

    private static double moved(double[][] images, double[][] texts, int row, int k, double by, double bias) {
        double[][] moved = images.clone();
        moved[row] = images[row].clone();
        moved[row][k] += by;
        unit(moved[row]);
        double loss = 0;
        for (int i = 0; i < N; i++) {
            double line = 0;
            double column = 0;
            for (int j = 0; j < N; j++) {
                double logit = 8 * dot(moved[i], texts[j]) + (Double.isNaN(bias) ? 0 : bias);
                line += Math.exp(logit);
                column += Math.exp(8 * dot(moved[j], texts[i]));
                loss += Double.isNaN(bias) ? 0 : Math.log1p(Math.exp(i == j ? -logit : logit));
            }
            loss += Double.isNaN(bias) ? Math.log(line) + Math.log(column) - 16 * dot(moved[i], texts[i]) : 0;
        }
        return loss;
    }
}
