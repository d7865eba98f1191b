package siglip.kernels;

import siglip.kernels.blas.Matrix;

/** CLIP's softmax loss of a block in two passes: log-sum-exps of rows and columns, then the gradient. TO BE COMPLETED. */
public final class SoftmaxLoss {
    SoftmaxLoss() {}

    /**
     * First pass: adds the m x n logits of a block to the log-sum-exps of its rows and columns.
     *
     * @param rows of the images: row i of the block is its row {@code i}
     * @param columns of the texts of the global batch; the block's first text is its row {@code firstColumn}
     */
    public void accumulateLogSums(
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            LogSums rows,
            LogSums columns,
            int firstColumn) {
        throw new UnsupportedOperationException();
    }

    /**
     * Second pass, with complete {@code rows} and {@code columns}: adds the gradients of a block, and to {@code sums} the
     * gradient of t' and the logit statistics. The loss itself comes from {@link LogSums#loss}, once per row and per column.
     */
    public void accumulateGradient(
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            LogSums rows,
            LogSums columns,
            int firstColumn,
            Matrix imageGradient,
            Matrix textGradient,
            LossSums sums) {
        throw new UnsupportedOperationException();
    }
}
