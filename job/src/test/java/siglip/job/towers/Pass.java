package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;

import siglip.job.batches.Batch;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Precision;
import siglip.kernels.blas.SparseRows;

/** One forward and backward pass, kept for comparison. */
public record Pass(Matrix images, Matrix texts, Matrix dense, SparseRows table) {
    static final long STEP = 11;

    static Pass run(
            ModelSpec spec,
            MatrixProducts products,
            Parameters parameters,
            Batch batch,
            Matrix imageGradient,
            Matrix textGradient) {
        int n = batch.rows();
        Pass pass = new Pass(
                Matrix.allocate(n, spec.width()),
                Matrix.allocate(n, spec.width()),
                Matrix.allocate(1, spec.layout().dense()),
                new SparseRows(spec.layout().tableWidth()));
        try (TowerPair towers = new TowerPair(spec, products, n + 1)) {
            pass.run(towers, parameters, batch, imageGradient, textGradient);
        }
        return pass;
    }

    void run(TowerPair towers, Parameters parameters, Batch batch, Matrix imageGradient, Matrix textGradient) {
        towers.forward(Modality.IMAGE, parameters, batch, Cases.SEED, STEP, images);
        towers.forward(Modality.TEXT, parameters, batch, Cases.SEED, STEP, texts);
        towers.backward(Modality.IMAGE, batch, imageGradient, dense, table);
        towers.backward(Modality.TEXT, batch, textGradient, dense, table);
    }

    /** Everything that was computed lies within the oracle's bounds. */
    public void check(ModelSpec spec, Parameters parameters, Batch batch, Matrix imageGradient, Matrix textGradient) {
        check(spec, parameters, batch, imageGradient, textGradient, Precision.FP32);
    }

    public void check(
            ModelSpec spec,
            Parameters parameters,
            Batch batch,
            Matrix imageGradient,
            Matrix textGradient,
            Precision precision) {
        ReferenceTowers expected = ReferenceTowers.forward(spec, parameters, batch, Cases.SEED, STEP, precision);
        ReferenceTowers.Gradient gradient = expected.backward(
                BoundedRows.exact(imageGradient, batch.rows()), BoundedRows.exact(textGradient, batch.rows()));
        check("image", images, expected.images());
        check("text", texts, expected.texts());
        check("parameter", dense, gradient.dense());
        checkTable(spec, gradient.table());
    }

    public static void check(String what, Matrix actual, BoundedRows expected) {
        for (int i = 0; i < expected.rows(); i++) {
            for (int k = 0; k < actual.columns(); k++) {
                assertThat(Math.abs(actual.get(i, k) - expected.value()[i][k]))
                        .as(
                                "%s %d, %d is %s, not %s; test.seed %d",
                                what, i, k, actual.get(i, k), expected.value()[i][k], Cases.SEED)
                        .isLessThanOrEqualTo(expected.error()[i][k] + Float.MIN_NORMAL);
            }
        }
    }

    private void checkTable(ModelSpec spec, BoundedRows expected) {
        Matrix all = Matrix.allocate(spec.layout().tableRows(), spec.layout().tableWidth());
        for (int s = 0; s < table.count(); s++) {
            assertThat(s == 0 || table.ids()[s] > table.ids()[s - 1])
                    .as("ascending ids")
                    .isTrue();
            all.rows(table.ids()[s], 1).copyFrom(table.values().rows(s, 1));
        }
        check("table", all, expected);
    }
}
