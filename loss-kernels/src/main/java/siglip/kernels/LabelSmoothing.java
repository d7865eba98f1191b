package siglip.kernels;

import java.util.Arrays;
import siglip.kernels.blas.Matrix;
import siglip.kernels.lines.LogSums;

/**
 * The part of a softmax's targets that goes to all pairs alike: {@code e / N} of each row and column to each of its pairs that is not masked, and to
 * the positives that much less of the 1. Without masked pairs it is {@code cross_entropy(label_smoothing=e)} of PyTorch on the N x N logits. Every
 * row and column of the batch must have a positive.
 *
 * <p>Targets are linear in {@code e}, and so is what they add to the loss: their change times the logits.
 */
final class LabelSmoothing {
    /** Rows whose similarities are summed per column in {@code float} before they are added to a {@code double}. */
    private static final int ROWS_IN_FLOAT = 32;

    private final Workspace workspace;
    private float[] partialSums = new float[0];
    private double share;
    private double each; // a pair's target, of row and column together, halved
    private double scale;
    private double batch;

    LabelSmoothing(Workspace workspace) {
        this.workspace = workspace;
    }

    /**
     * Begins a block.
     *
     * @param share e, from 0 to 1
     * @param batch N
     */
    void begin(double share, int batch, LogitParams params) {
        if (share > 0 && partialSums.length == 0) {
            partialSums = new float[workspace.tile];
        }
        this.share = share;
        this.batch = batch;
        each = share / batch;
        scale = params.scale();
    }

    boolean isNone() {
        return share == 0;
    }

    /** Adds to the loss, and to the gradient of t', what the even targets of a tile's pairs take away. */
    void addEven(Matrix tile, LossSums block) {
        SpecialPairs special = workspace.special;
        int width = tile.columns();
        Arrays.fill(partialSums, 0, width, 0);
        double[] sum = new double[1];
        workspace.readRows(tile, (i, values, from) -> {
            for (int j = 0; j < width; j++) {
                partialSums[j] += values[from + j];
            }
            if (i % ROWS_IN_FLOAT == ROWS_IN_FLOAT - 1 || i == tile.rows() - 1) {
                for (int j = 0; j < width; j++) {
                    sum[0] += partialSums[j];
                    partialSums[j] = 0;
                }
            }
        });
        for (int k = 0; k < special.maskedCount(); k++) {
            sum[0] -= tile.get(special.masked(k));
        }
        add(-each * scale * sum[0], block);
    }

    private static void add(double change, LossSums block) {
        block.loss += change;
        block.addGradient(LossScalar.LOG_SCALE, change);
    }

    /** Adds to the loss, and to the gradient of t', what a positive's target of 1 / k lacks; gives the change of its derivative. */
    double atPositive(double logit, LogSums rows, int row, LogSums columns, int column, LossSums block) {
        double lacking = share / 2 * (lacking(rows, row) + lacking(columns, column));
        add(lacking * logit, block);
        return lacking - each;
    }

    private double lacking(LogSums lines, int line) {
        return (batch - lines.masked(line)) / (batch * lines.positives(line));
    }

    /** Takes the even target from the derivatives of a row with respect to similarities. */
    void subtract(float[] values, int from, int count) {
        float target = (float) (each * scale);
        for (int j = from; j < from + count; j++) {
            values[j] -= target;
        }
    }

    Footprint footprint() {
        return new Footprint(0, (long) Float.BYTES * partialSums.length);
    }

    static Footprint footprint(BlockShape shape) {
        return new Footprint(0, (long) Float.BYTES * shape.tile());
    }
}
