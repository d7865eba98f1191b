package siglip.job.towers;

import siglip.kernels.blas.Matrix;

/** What one arm learns beside t' and b: the towers' flat vector and the rows of the hashed table. */
public final class Parameters {
    private final ParameterLayout layout;
    private final Matrix dense;
    private final Matrix table;

    private Parameters(ParameterLayout layout) {
        this.layout = layout;
        dense = Matrix.allocate(1, layout.dense());
        table = Matrix.allocate(layout.tableRows(), layout.tableWidth());
    }

    /** Zeros. */
    public static Parameters allocate(ParameterLayout layout) {
        return new Parameters(layout);
    }

    public ParameterLayout layout() {
        return layout;
    }

    /** 1 x P: the image tower, then the text tower; within each DL4J's flat order: per layer the weights, column by column, then the bias. */
    public Matrix dense() {
        return dense;
    }

    /** tableRows x tableWidth; no rows when texts are features. */
    public Matrix table() {
        return table;
    }

    /** A tower's range of {@link #dense}, sharing memory. */
    public Matrix of(Modality modality) {
        return layout.of(modality, dense);
    }

    public long bytes() {
        return 4L * dense.size() + 4L * table.size();
    }
}
