package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;

/** However many rows of a tile are passed over at a time, results have the same bits: a whole tile, three rows, one. */
class BandsTest {
    private static final int TILE = 20;
    private static final int DIM = 9;

    private final Random random = new Random(Blocks.SEED);

    private static void check(Matrix images, Matrix texts, PairLabels labels, LogitParams params) {
        int[] bands = {TILE * TILE, 3 * TILE + 1, 1};
        Results[] sigmoid = new Results[bands.length];
        Results[] softmax = new Results[bands.length];
        for (int b = 0; b < bands.length; b++) {
            try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
                Workspace workspace = new Workspace(TILE, bands[b]);
                SigmoidLoss ofPairs = new SigmoidLoss(products, Kernels.one(), workspace);
                SoftmaxLoss ofRows = new SoftmaxLoss(products, Kernels.one(), workspace);
                sigmoid[b] = Results.sigmoid(ofPairs, images, texts, labels, params, 2);
                softmax[b] = Results.softmax(ofRows, images, texts, labels, params, 2);
            }
            String what = "band of %d, %s, %s".formatted(bands[b], labels.duplicates(), params);
            same(sigmoid[b], sigmoid[0], "sigmoid, " + what);
            same(softmax[b], softmax[0], "softmax, " + what);
        }
    }

    private static void same(Results actual, Results expected, String what) {
        String seeded = what + ", test.seed " + Blocks.SEED;
        assertThat(actual.sums).as(seeded).usingRecursiveComparison().isEqualTo(expected.sums);
        assertThat(actual.imageGradient.toArray()).as(seeded).isEqualTo(expected.imageGradient.toArray());
        assertThat(actual.textGradient.toArray()).as(seeded).isEqualTo(expected.textGradient.toArray());
    }

    @ParameterizedTest
    @EnumSource(DuplicatePolicy.class)
    void bandsChangeNoBit(DuplicatePolicy policy) {
        for (int n : new int[] {1, 19, 47, 80}) {
            PairLabels labels = Blocks.batch(Blocks.concepts(n, random), policy);
            for (double scale : List.of(10.0, 100.0)) {
                check(
                        Blocks.unitRows(n, DIM, random),
                        Blocks.unitRows(n, DIM, random),
                        labels,
                        new LogitParams(Math.log(scale), -5));
            }
        }
    }

    /** Rows of very different lengths: exponentials leave the range of a float, and log-sum-exps lie too far apart to share a shift. */
    @ParameterizedTest
    @EnumSource(DuplicatePolicy.class)
    void norWhereRowsAndColumnsNeedTheirMaxima(DuplicatePolicy policy) {
        Matrix images = Blocks.unitRows(47, DIM, random);
        for (int i = 0; i < images.rows(); i += 5) {
            for (int k = 0; k < DIM; k++) {
                images.set(i, k, 40 * images.get(i, k));
            }
        }
        check(
                images,
                Blocks.unitRows(47, DIM, random),
                Blocks.batch(Blocks.concepts(47, random), policy),
                new LogitParams(Math.log(20), -5));
    }

    /** A tile may be wider than what is otherwise copied at a time. */
    @Test
    void aRowAlwaysFits() {
        int columns = 5000;
        Matrix images = Blocks.unitRows(2, 3, random);
        Matrix texts = Blocks.unitRows(columns, 3, random);
        PairLabels labels = new PairLabels(0, 0, new int[2], new int[columns], DuplicatePolicy.IGNORE);
        LogitParams params = new LogitParams(Math.log(10), -5);
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            SigmoidLoss loss = new SigmoidLoss(products, Kernels.one(), new Workspace(columns));
            Results.sigmoid(loss, images, texts, labels, params, 1)
                    .assertClose(
                            ReferenceLoss.sigmoid(
                                    ReferenceLoss.values(images), ReferenceLoss.values(texts), labels, params),
                            columns,
                            1,
                            "test.seed " + Blocks.SEED);
        }
    }
}
