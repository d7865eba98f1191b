package siglip.kernels;

import siglip.kernels.blas.Matrix;

/** The SigLIP sigmoid loss of a block and its gradient, fused, tile by tile. TO BE COMPLETED. */
public final class SigmoidLoss {
    SigmoidLoss() {}

    /**
     * Adds the loss of all m x n pairs of a block to {@code sums}, and the gradients to {@code imageGradient} and {@code textGradient}.
     */
    public void accumulate(
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            Matrix imageGradient,
            Matrix textGradient,
            LossSums sums) {
        throw new UnsupportedOperationException();
    }
}
