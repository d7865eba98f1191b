package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The gradients of the reference are the slopes of its losses. */
class ReferenceLossTest {
    private static final int N = 6;
    private static final int DIM = 3;
    private static final double STEP = 0x1p-13;

    private interface Loss {
        ReferenceLoss of(double[][] images, double[][] texts, PairLabels labels, LogitParams params);
    }

    private final double[][] images = ReferenceLoss.values(Blocks.unitRows(N, DIM, new Random(Blocks.SEED)));
    private final double[][] texts = ReferenceLoss.values(Blocks.unitRows(N, DIM, new Random(Blocks.SEED + 1)));
    private final LogitParams params = new LogitParams(1.3, -0.7);

    @ParameterizedTest
    @EnumSource
    void sigmoidGradientsAreSlopes(DuplicatePolicy policy) {
        assertGradientsAreSlopes(ReferenceLoss::sigmoid, labels(policy));
    }

    @ParameterizedTest
    @EnumSource
    void softmaxGradientsAreSlopes(DuplicatePolicy policy) {
        assertGradientsAreSlopes(ReferenceLoss::softmax, labels(policy));
    }

    /** All but the one that takes for constants what follows the embeddings. */
    static Stream<LossForm> forms() {
        return LossFormsAccuracyTest.forms().filter(form -> form.loss() != siglip.kernels.Loss.SIGMOID_ADAPTIVE);
    }

    @ParameterizedTest
    @MethodSource("forms")
    void gradientsOfLossesWithOptionsAreSlopes(LossForm form) {
        for (DuplicatePolicy policy : DuplicatePolicy.values()) {
            assertGradientsAreSlopes((x, y, labels, at) -> ReferenceLoss.of(form, x, y, labels, at), labels(policy));
        }
    }

    /** With the biases of lines for constants. */
    @ParameterizedTest
    @EnumSource
    void adaptiveGradientsAreSlopesAtTheBiasesOfTheBatch(DuplicatePolicy policy) {
        LossForm form = LossForm.plain(siglip.kernels.Loss.SIGMOID_ADAPTIVE);
        ReferenceLoss at = ReferenceLoss.of(form, images, texts, labels(policy), params);
        double[][] gradient = at.imageGradient();
        assertSlope(
                at.logScaleGradient(),
                h -> at.lossAt(images, texts, new LogitParams(params.logScale() + h, params.bias())));
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < DIM; k++) {
                int row = i;
                int column = k;
                assertSlope(gradient[i][k], h -> at.lossAt(moved(images, row, column, h), texts, params));
            }
        }
    }

    private static PairLabels labels(DuplicatePolicy policy) {
        return Blocks.batch(new int[] {1, 2, 1, 3, 2, 1}, policy);
    }

    private void assertGradientsAreSlopes(Loss loss, PairLabels labels) {
        ReferenceLoss at = loss.of(images, texts, labels, params);
        assertSlope(at.logScaleGradient(), h -> loss.of(
                        images,
                        texts,
                        labels,
                        new LogitParams(params.logScale() + h, params.bias() * (at.isRelative() ? Math.exp(h) : 1)))
                .loss());
        assertSlope(at.isRelative() ? at.relativeBiasGradient() : 0, h -> loss.of(
                        images,
                        texts,
                        labels,
                        new LogitParams(params.logScale(), params.bias() - (at.isRelative() ? params.scale() * h : 0)))
                .loss());
        assertSlope(at.biasGradient(), h -> loss.of(
                        images, texts, labels, new LogitParams(params.logScale(), params.bias() + h))
                .loss());
        double[][] imageGradient = at.imageGradient();
        double[][] textGradient = at.textGradient();
        for (int i = 0; i < N; i++) {
            for (int k = 0; k < DIM; k++) {
                int row = i;
                int column = k;
                assertSlope(imageGradient[i][k], h -> loss.of(moved(images, row, column, h), texts, labels, params)
                        .loss());
                assertSlope(textGradient[i][k], h -> loss.of(images, moved(texts, row, column, h), labels, params)
                        .loss());
            }
        }
    }

    private static double[][] moved(double[][] rows, int row, int column, double by) {
        double[][] moved = Arrays.stream(rows).map(double[]::clone).toArray(double[][]::new);
        moved[row][column] += by;
        return moved;
    }

    /**
     * Central differences, extrapolated from steps h and 2h, so that the error left is of order h^4. Logits here change by less than 4 per
     * unit and the losses' derivatives of any order are below 1 per pair: the fifth is below 4^5 * N^2.
     */
    private static void assertSlope(double gradient, DoubleUnaryOperator loss) {
        double slope = (4 * central(loss, STEP) - central(loss, 2 * STEP)) / 3;
        double truncation = 4 * Math.pow(STEP, 4) / 30 * Math.pow(4, 5) * N * N;
        double rounding = 64 * 0x1p-53 * N * N * 10 / STEP;
        assertThat(gradient).isCloseTo(slope, within(truncation + rounding));
    }

    private static double central(DoubleUnaryOperator loss, double step) {
        return (loss.applyAsDouble(step) - loss.applyAsDouble(-step)) / (2 * step);
    }

    @Test
    void aWrongGradientIsNoSlope() {
        double right = ReferenceLoss.sigmoid(images, texts, labels(DuplicatePolicy.IGNORE), params)
                .biasGradient();
        assertThatThrownBy(() -> assertSlope(right * (1 + 1e-6), h -> ReferenceLoss.sigmoid(
                                images,
                                texts,
                                labels(DuplicatePolicy.IGNORE),
                                new LogitParams(params.logScale(), params.bias() + h))
                        .loss()))
                .isInstanceOf(AssertionError.class);
    }

    @Test
    void theSigmoidLossIsTheFormulaOfThePaper() {
        double expected = 0;
        for (int i = 0; i < N; i++) {
            for (int j = 0; j < N; j++) {
                double dot = 0;
                for (int k = 0; k < DIM; k++) {
                    dot += images[i][k] * texts[j][k];
                }
                double label = i == j ? 1 : -1;
                expected -= Math.log(1 / (1 + Math.exp(-label * (Math.exp(1.3) * dot - 0.7))));
            }
        }
        assertThat(ReferenceLoss.sigmoid(images, texts, PairLabels.diagonal(N), params)
                        .loss())
                .isCloseTo(expected, within(N * N * 100 * 0x1p-53));
    }

    @Test
    void multiPositiveTargetsAreShared() {
        PairLabels all = Blocks.batch(new int[N], DuplicatePolicy.MULTI_POSITIVE);
        double[][] same = new double[N][DIM]; // all logits are 0: the softmax is the target, 1/N
        ReferenceLoss loss = ReferenceLoss.softmax(same, same, all, params);
        assertThat(loss.loss()).isCloseTo(N * Math.log(N), within(1e-13));
        assertThat(loss.derivative(2, 3)).isCloseTo(0, within(1e-15));
    }
}
