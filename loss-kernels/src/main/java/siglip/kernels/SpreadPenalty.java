package siglip.kernels;

/**
 * Variance reduction for negative similarity, VRNS: {@code lambda / (N (N - 1)) * sum over negatives of (s + 1 / (N - 1))^2}, with s the similarity and N the pairs of
 * the global batch. It draws similarities of negatives to the value that they have in a simplex, and so holds down their variance, which is the larger the smaller the batch.
 * Neither t nor a bias takes part. As all results here, it is a sum: times N.
 *
 * @see <a href="https://arxiv.org/abs/2506.09781">Lee et al. 2025</a>, whose 1 / (n - 1) has the size of the data set for n
 */
final class SpreadPenalty {
    private final ElementwiseKernel.Negatives kernel;
    private final Workspace workspace;
    private float[] derivatives = new float[0];
    private double each; // what the square of a pair counts
    private double target;
    private double squares;

    SpreadPenalty(ElementwiseKernel kernel, Workspace workspace) {
        this.kernel = kernel.negatives();
        this.workspace = workspace;
    }

    /** Begins a block. */
    void begin(PairBlock pairs) {
        int others = Math.max(1, pairs.batch().pairs() - 1);
        each = pairs.form().get(LossOption.VRNS_WEIGHT) / others;
        target = -1.0 / others;
        squares = 0;
        if (each > 0) {
            derivatives = workspace.derivatives();
        }
    }

    boolean isNone() {
        return each == 0;
    }

    /** Takes a row of similarities, before derivatives take their place. What is absent has no part in it. */
    void take(float[] values, int from, int count) {
        squares += kernel.addSquares(values, from, count, (float) target, (float) (2 * each), derivatives);
    }

    /** Adds its derivatives of the row with respect to similarities. */
    void add(float[] values, int from, int count) {
        for (int j = 0; j < count; j++) {
            values[from + j] += derivatives[j];
        }
    }

    /** Adds what the block comes to. */
    void end(LossSums block) {
        block.loss += each * squares;
    }

    /** What it adds to the working memory of all losses. */
    static Footprint footprint(BlockShape shape) {
        return new Footprint(0, (long) Float.BYTES * shape.tile());
    }
}
