package siglip.kernels;

import static siglip.kernels.ElementwiseKernel.GRADIENT;
import static siglip.kernels.ElementwiseKernel.GRADIENT_BY_SIMILARITY;
import static siglip.kernels.ElementwiseKernel.LEAST_EXPONENT;
import static siglip.kernels.ElementwiseKernel.LOSS;
import static siglip.kernels.ElementwiseKernel.SUMS;

import java.util.Arrays;
import siglip.kernels.lines.LogSums;

/** The sigmoid's share of a hybrid with the softmax, in a tile's rows: its derivatives are made of a copy of a row, and mixed into the softmax's. */
final class SigmoidShare {
    private final ElementwiseKernel kernel;
    private float[] row = new float[0];
    private final double[] negativeSums = new double[SUMS];
    private LogitParams params = new LogitParams(0, 0);
    private double share;

    SigmoidShare(ElementwiseKernel kernel) {
        this.kernel = kernel;
    }

    /** Begins a block in which it counts {@code share}, from 0 to 1, and the softmax the rest. */
    void begin(double share, LogitParams params, int tile) {
        if (share > 0 && row.length == 0) {
            row = new float[tile];
        }
        this.share = share;
        this.params = params;
        Arrays.fill(negativeSums, 0);
    }

    boolean isNone() {
        return share == 0;
    }

    /** A similarity that adds nothing to it. */
    float vanishing() {
        return (float) ((2 * LEAST_EXPONENT - params.bias()) / params.scale());
    }

    /** Adds the loss of a positive, and gives its derivative with respect to the logit. */
    double atPositive(double similarity, LossSums block) {
        double l = params.of(similarity);
        double derivative = -share / (1 + Math.exp(l));
        block.loss += share * LogSums.softplus(-l);
        block.addGradient(LossScalar.BIAS, derivative);
        return derivative;
    }

    /** Takes a row of similarities, before the softmax's derivatives take their place. */
    void take(float[] values, int from, int count) {
        System.arraycopy(values, from, row, 0, count);
        kernel.sigmoid(row, 0, count, (float) params.scale(), (float) params.bias(), negativeSums);
    }

    /** Mixes its derivatives of the row into those of the softmax. */
    void mix(float[] values, int from, int count) {
        float own = (float) share;
        float others = (float) (1 - share);
        for (int j = 0; j < count; j++) {
            values[from + j] = others * values[from + j] + own * row[j];
        }
    }

    /** Adds what the negatives of the block sum to. */
    void end(LossSums block) {
        if (isNone()) {
            return;
        }
        block.loss += share * negativeSums[LOSS];
        block.addGradient(LossScalar.BIAS, share * negativeSums[GRADIENT]);
        block.addGradient(LossScalar.LOG_SCALE, share * params.scale() * negativeSums[GRADIENT_BY_SIMILARITY]);
    }

    Footprint footprint() {
        return new Footprint(0, (long) Float.BYTES * row.length);
    }

    static Footprint footprint(BlockShape shape) {
        return new Footprint(0, (long) Float.BYTES * shape.tile());
    }
}
