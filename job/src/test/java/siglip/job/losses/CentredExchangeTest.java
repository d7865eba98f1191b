package siglip.job.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.job.order.Slices;
import siglip.job.ring.Circle;
import siglip.job.ring.RankNode;
import siglip.job.ring.TextBlock;
import siglip.job.stage.Lanes;
import siglip.job.stage.StepClock;
import siglip.kernels.Blocks;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.LogitParams;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.Numerics;
import siglip.kernels.PairLabels;
import siglip.kernels.ReferenceBounds;
import siglip.kernels.ReferenceLoss;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Precision;

/** A loss of centred embeddings over ranks and lanes against the formula for the whole batch in {@code double}. */
@Timeout(120)
class CentredExchangeTest {
    /** The one whose results count. */
    static final int LAST_STEP = 1;

    private static final int TILE = 4;
    private static final int WIDTH = 6;
    private static final double SCALE = 8;
    private static final double BIAS = -1.5;

    private final Random random = new Random(Blocks.SEED);

    static Stream<LossForm> forms() {
        return Stream.of(
                new LossForm(Loss.SIGMOID, Map.of(LossOption.CENTRED, 1.0)),
                new LossForm(Loss.SIGMOID, Map.of(LossOption.CENTRED, 1.0, LossOption.POSITIVE_WEIGHT, 3.0)),
                new LossForm(Loss.SIGMOID_RELATIVE, Map.of(LossOption.CENTRED, 1.0)),
                new LossForm(Loss.SIGMOID, Map.of(LossOption.CENTRED, 1.0, LossOption.RANDOM_NEGATIVES, 0.4)),
                new LossForm(Loss.SOFTMAX, Map.of(LossOption.CENTRED, 1.0, LossOption.VRNS_WEIGHT, 3.0)),
                new LossForm(Loss.SOFTMAX, Map.of(LossOption.CENTRED, 1.0)));
    }

    private static LogitParams params(Loss loss) {
        return new LogitParams(Math.log(SCALE), loss == Loss.SOFTMAX ? 0 : BIAS);
    }

    private static LossScalars scalars(Loss loss) {
        return new LossScalars(
                loss,
                loss.scalars().stream()
                        .map(scalar -> switch (scalar) {
                            case LOG_SCALE -> Math.log(SCALE);
                            case BIAS -> BIAS;
                            case RELATIVE_BIAS -> -BIAS / SCALE;
                        })
                        .toList());
    }

    /** All close together, as embeddings are that share a direction. */
    private Matrix rows(int count) {
        Matrix rows = Blocks.unitRows(count, WIDTH, random);
        for (int i = 0; i < count; i++) {
            for (int k = 0; k < WIDTH; k++) {
                rows.set(i, k, rows.get(i, k) + (k == 0 ? 2 : 0));
            }
        }
        return rows;
    }

    /** What a rank computed. */
    private record Share(Matrix imageGradient, Matrix textGradient, LossSums sums) {}

    private static Share rank(
            RankNode node,
            int cores,
            Precision precision,
            LossForm form,
            Slices rows,
            Matrix images,
            Matrix texts,
            PairLabels labels) {
        int from = rows.start(node.rank());
        int count = rows.size(node.rank());
        TextBlock own = new TextBlock(count, WIDTH).shape(count);
        own.embeddings().copyFrom(texts.rows(from, count));
        own.writeConceptIds(Arrays.copyOfRange(labels.textConcepts(), from, from + count));
        Share share = new Share(Matrix.allocate(count, WIDTH), Matrix.allocate(count, WIDTH), new LossSums());
        try (Lanes lanes = new Lanes(new Numerics("auto", precision.id(), "auto", TILE), cores)) {
            LossExchange exchange = LossSpec.of(form)
                    .exchange(new LossExchange.Blocks(form, node, rows, WIDTH, labels.duplicates(), lanes));
            for (int step = 0; step <= LAST_STEP; step++) { // the second finds what the first has left
                LossSums sums = step == LAST_STEP ? share.sums : new LossSums();
                StepClock clock = new StepClock();
                clock.start();
                exchange.run(new LossStep(
                                0,
                                step,
                                0,
                                images.rows(from, count),
                                own,
                                scalars(form.loss()),
                                share.imageGradient,
                                share.textGradient,
                                sums,
                                clock))
                        .run();
            }
        }
        return share;
    }

    private void check(LossForm form, int pairs, int ranks, int cores, DuplicatePolicy duplicates, Precision precision)
            throws Exception {
        String what = "%s, N %d, %d ranks, %d cores, %s, %s, test.seed %d"
                .formatted(form, pairs, ranks, cores, duplicates, precision, Blocks.SEED);
        Matrix images = rows(pairs);
        Matrix texts = rows(pairs);
        PairLabels labels = Blocks.batch(Blocks.concepts(pairs, random), duplicates);
        Slices rows = new Slices(pairs, ranks);
        List<Share> shares = new ArrayList<>();
        try (Circle circle = new Circle(ranks)) {
            List<Future<Share>> running =
                    circle.start(node -> rank(node, cores, precision, form, rows, images, texts, labels));
            circle.driver().assemble();
            for (Future<Share> each : running) {
                shares.add(each.get(60, TimeUnit.SECONDS));
            }
        }
        CentredLoss expected = new CentredLoss(
                form, ReferenceLoss.values(images), ReferenceLoss.values(texts), labels, params(form.loss()));
        int slices = ranks * cores;
        ReferenceBounds bounds = expected.bounds(TILE, slices, precision);
        LossSums sums = new LossSums();
        shares.forEach(share -> sums.add(share.sums));
        assertThat(sums.loss).as(what).isCloseTo(expected.loss().loss(), within(bounds.loss()));
        assertThat(sums.gradient(LossScalar.LOG_SCALE))
                .as(what)
                .isCloseTo(expected.loss().logScaleGradient(), within(bounds.logScaleGradient()));
        for (int rank = 0; rank < ranks; rank++) {
            int from = rows.start(rank);
            close(
                    what + ", images",
                    shares.get(rank).imageGradient,
                    from,
                    expected.imageGradient(),
                    expected.imageBound(TILE, slices, precision));
            close(
                    what + ", texts",
                    shares.get(rank).textGradient,
                    from,
                    expected.textGradient(),
                    expected.textBound(TILE, slices, precision));
        }
    }

    private static void close(String what, Matrix actual, int from, double[][] expected, double[][] bound) {
        for (int i = 0; i < actual.rows(); i++) {
            for (int k = 0; k < WIDTH; k++) {
                assertThat((double) actual.get(i, k))
                        .as("%s, row %d, column %d", what, from + i, k)
                        .isCloseTo(expected[from + i][k], within(bound[from + i][k]));
            }
        }
    }

    @ParameterizedTest
    @MethodSource("forms")
    void isThatOfTheWholeBatchForAnyNumberOfRanksAndCores(LossForm form) throws Exception {
        for (DuplicatePolicy duplicates : DuplicatePolicy.values()) {
            check(form, 13, 1, 1, duplicates, Precision.FP32);
            check(form, 13, 1, 3, duplicates, Precision.FP32);
            check(form, 13, 2, 2, duplicates, Precision.FP32);
            check(form, 13, 3, 1, duplicates, Precision.FP32);
        }
    }

    /** Where the processor multiplies bf16. */
    @ParameterizedTest
    @MethodSource("forms")
    void isThatOfTheWholeBatchInBf16(LossForm form) throws Exception {
        try (MatrixProducts products = MatrixProducts.open("auto", "auto")) {
            assumeTrue(products.precision() == Precision.BF16, "this processor does not multiply bf16");
        }
        check(form, 13, 1, 1, DuplicatePolicy.MASK, Precision.BF16);
        check(form, 13, 2, 2, DuplicatePolicy.IGNORE, Precision.BF16);
        check(form, 13, 3, 1, DuplicatePolicy.MULTI_POSITIVE, Precision.BF16);
    }

    @ParameterizedTest
    @MethodSource("forms")
    void gradientsAreSlopes(LossForm form) {
        double[][] images = ReferenceLoss.values(rows(5));
        double[][] texts = ReferenceLoss.values(rows(5));
        PairLabels labels = PairLabels.diagonal(5);
        LogitParams params = params(form.loss());
        CentredLoss at = new CentredLoss(form, images, texts, labels, params);
        for (int i = 0; i < 5; i++) {
            for (int k = 0; k < WIDTH; k++) {
                int row = i;
                int column = k;
                slope(at.imageGradient()[i][k], h -> new CentredLoss(
                                form, moved(images, row, column, h), texts, labels, params)
                        .loss()
                        .loss());
                slope(at.textGradient()[i][k], h -> new CentredLoss(
                                form, images, moved(texts, row, column, h), labels, params)
                        .loss()
                        .loss());
            }
        }
    }

    private static double[][] moved(double[][] rows, int row, int column, double by) {
        double[][] moved = Arrays.stream(rows).map(double[]::clone).toArray(double[][]::new);
        moved[row][column] += by;
        return moved;
    }

    /** Central differences from steps h and 2 h, whose error is of order h^4; rows lie about 1 from their mean, logits change by less than 16 a unit. */
    private static void slope(double gradient, DoubleUnaryOperator loss) {
        double h = 0x1p-12;
        double near = (loss.applyAsDouble(h) - loss.applyAsDouble(-h)) / (2 * h);
        double far = (loss.applyAsDouble(2 * h) - loss.applyAsDouble(-2 * h)) / (4 * h);
        assertThat(gradient).isCloseTo((4 * near - far) / 3, within(Math.pow(h, 4) * Math.pow(16, 5) * 5 + 1e-9));
    }

    @Test
    void embeddingsThatMoveTogetherHaveTheSameLoss() {
        double[][] images = ReferenceLoss.values(rows(7));
        double[][] texts = ReferenceLoss.values(rows(7));
        LossForm form = new LossForm(Loss.SIGMOID, Map.of(LossOption.CENTRED, 1.0));
        double[][] shifted = Arrays.stream(images)
                .map(row -> Arrays.stream(row).map(value -> value + 3).toArray())
                .toArray(double[][]::new);

        assertThat(new CentredLoss(form, shifted, texts, PairLabels.diagonal(7), params(Loss.SIGMOID))
                        .loss()
                        .loss())
                .isCloseTo(
                        new CentredLoss(form, images, texts, PairLabels.diagonal(7), params(Loss.SIGMOID))
                                .loss()
                                .loss(),
                        within(1e-12));
    }

    /** It has no direction: no similarity to any other, and no gradient but its share of the mean. */
    @Test
    void aRowThatIsTheMeanBecomesZerosAndPassesNoGradientOfItsOwnBack() {
        Matrix x = Matrix.allocate(3, 2);
        x.write(0, new float[] {1, 0, 0, 1, 0.5f, 0.5f}, 0, 6);
        Matrix e = Matrix.allocate(3, 2);
        Matrix gradient = Matrix.allocate(3, 2);
        gradient.write(0, new float[] {1, 2, 3, 5, 100, 100}, 0, 6);
        double[] mean = new double[2];
        try (Lanes lanes = new Lanes(Numerics.AUTO, 1)) {
            CentredRows rows = new CentredRows(lanes, 3, 2);
            rows.sum(x, mean, 0);
            mean[0] /= 3;
            mean[1] /= 3;
            rows.forward(x, mean, 0, e);
            rows.backward(e, gradient, mean);
        }
        assertThat(e.rows(2, 1).toArray()).containsExactly(0, 0);
        assertThat(gradient.rows(2, 1).toArray()).containsExactly(0, 0);
        assertThat(e.rows(0, 1).toArray()).containsExactly(0.70710677f, -0.70710677f);
        assertThat(mean[0]).isCloseTo(gradient.get(0, 0) + gradient.get(1, 0), within(1e-7));
    }
}
