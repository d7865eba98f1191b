package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

/**
 * Each image stands twice in a batch, with another of its two texts, and each copy fits both: what that comes to is written down here for N images
 * and two sets of N texts, in plain double precision.
 */
class SeveralTextsTest {
    private static final int N = 19;
    private static final int DIM = 12;
    private static final LogitParams PARAMS = new LogitParams(1.9, -2.5);

    private final MatrixProducts products = MatrixProducts.open("auto", "fp32");
    private final Matrix images = Matrix.allocate(2 * N, DIM);
    private final Matrix texts =
            Blocks.unitRows(2 * N, DIM, new Random(Blocks.SEED)); // text s of image i is row 2i + s
    private final PairLabels labels;
    private final double[][][] logits = new double[2][N][N]; // by set of texts, image and text

    SeveralTextsTest() {
        Matrix each = Blocks.unitRows(N, DIM, new Random(Blocks.SEED + 1));
        int[] concepts = new int[2 * N];
        for (int row = 0; row < 2 * N; row++) {
            images.rows(row, 1).copyFrom(each.rows(row / 2, 1));
            concepts[row] = row / 2;
        }
        labels = Blocks.batch(concepts, DuplicatePolicy.MULTI_POSITIVE);
        for (int set = 0; set < 2; set++) {
            for (int i = 0; i < N; i++) {
                for (int j = 0; j < N; j++) {
                    for (int k = 0; k < DIM; k++) {
                        logits[set][i][j] += PARAMS.scale() * images.get(2 * i, k) * texts.get(2 * j + set, k);
                    }
                }
            }
        }
    }

    @AfterEach
    void close() {
        products.close();
    }

    /** The loss of SAIL: the images against the one set of texts, and against the other. */
    @Test
    void theSigmoidLossIsTheSumOverBothSetsOfTexts() {
        double loss = 0;
        double scaleGradient = 0;
        double biasGradient = 0;
        double[][] imageGradient = new double[N][DIM];
        double[][][] textGradient = new double[2][N][DIM];
        for (int set = 0; set < 2; set++) {
            for (int i = 0; i < N; i++) {
                for (int j = 0; j < N; j++) {
                    double label = i == j ? 1 : -1;
                    double logit = logits[set][i][j] + PARAMS.bias();
                    loss += Math.log1p(Math.exp(-label * logit)) / N;
                    double derivative = -label / (1 + Math.exp(label * logit)) / N;
                    scaleGradient += derivative * logits[set][i][j];
                    biasGradient += derivative;
                    add(derivative, set, i, j, imageGradient, textGradient);
                }
            }
        }

        Results actual = Results.sigmoid(
                new SigmoidLoss(products, Kernels.one(), new Workspace(8)), images, texts, labels, PARAMS, 1);

        assertThat(actual.sums.loss / (2 * N)).isCloseTo(loss, within(1e-5 * loss));
        assertThat(actual.sums.gradient(LossScalar.LOG_SCALE) / (2 * N)).isCloseTo(scaleGradient, within(1e-4));
        assertThat(actual.sums.gradient(LossScalar.BIAS) / (2 * N)).isCloseTo(biasGradient, within(1e-4));
        assertGradients(actual, imageGradient, textGradient);
    }

    /** An image aims at its two texts in equal shares. A text finds its image twice among twice as many: log 2 more, and no other gradient. */
    @Test
    void theSoftmaxLossHasTwoTargetsOfEqualShares() {
        double loss = 0;
        double[][] imageGradient = new double[N][DIM];
        double[][][] textGradient = new double[2][N][DIM];
        for (int i = 0; i < N; i++) {
            double all = 0;
            for (int j = 0; j < N; j++) {
                all += Math.exp(logits[0][i][j]) + Math.exp(logits[1][i][j]);
            }
            for (int set = 0; set < 2; set++) {
                loss += (Math.log(all) - logits[set][i][i]) / 2 / 2 / N;
                for (int j = 0; j < N; j++) {
                    double derivative = (Math.exp(logits[set][i][j]) / all - (i == j ? 0.5 : 0)) / 2 / N;
                    add(derivative, set, i, j, imageGradient, textGradient);
                }
            }
        }
        for (int set = 0; set < 2; set++) {
            for (int j = 0; j < N; j++) {
                double all = 0;
                for (int i = 0; i < N; i++) {
                    all += Math.exp(logits[set][i][j]);
                }
                loss += (Math.log(2) + Math.log(all) - logits[set][j][j]) / 2 / (2 * N);
                for (int i = 0; i < N; i++) {
                    double derivative = (Math.exp(logits[set][i][j]) / all - (i == j ? 1 : 0)) / 2 / (2 * N);
                    add(derivative, set, i, j, imageGradient, textGradient);
                }
            }
        }

        Results actual = Results.softmax(
                new SoftmaxLoss(products, Kernels.one(), new Workspace(8)), images, texts, labels, PARAMS, 1);

        assertThat(actual.sums.loss / (2 * N)).isCloseTo(loss, within(1e-5 * loss));
        assertGradients(actual, imageGradient, textGradient);
    }

    private void add(double derivative, int set, int i, int j, double[][] imageGradient, double[][][] textGradient) {
        for (int k = 0; k < DIM; k++) {
            imageGradient[i][k] += derivative * PARAMS.scale() * texts.get(2 * j + set, k);
            textGradient[set][j][k] += derivative * PARAMS.scale() * images.get(2 * i, k);
        }
    }

    /** That of an image is the sum over its copies. */
    private static void assertGradients(Results actual, double[][] imageGradient, double[][][] textGradient) {
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < DIM; k++) {
                double image = (double) actual.imageGradient.get(2 * i, k) + actual.imageGradient.get(2 * i + 1, k);
                assertThat(image / (2 * N)).isCloseTo(imageGradient[i][k], within(1e-5));
                for (int set = 0; set < 2; set++) {
                    assertThat(actual.textGradient.get(2 * i + set, k) / (2.0 * N))
                            .isCloseTo(textGradient[set][i][k], within(1e-5));
                }
            }
        }
    }
}
