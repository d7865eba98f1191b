package siglip.kernels;

import siglip.kernels.blas.MatrixProducts;

/**
 * The door to this module: the losses and the products, in the numerics that were asked for. An instance belongs to one
 * thread and owns native memory.
 */
public final class LossKernels implements AutoCloseable {
    private LossKernels() {}

    /**
     * @throws IllegalStateException if a forced choice cannot be honoured here; the message says what is missing
     */
    public static LossKernels open(Numerics numerics) {
        throw new UnsupportedOperationException();
    }

    /** What runs, with nothing left to choose: two ranks with equal resolved numerics compute with the same code. */
    public Numerics numerics() {
        throw new UnsupportedOperationException();
    }

    public MatrixProducts products() {
        throw new UnsupportedOperationException();
    }

    public SigmoidLoss sigmoid() {
        throw new UnsupportedOperationException();
    }

    public SoftmaxLoss softmax() {
        throw new UnsupportedOperationException();
    }

    /** Bytes of working memory the losses hold: tiles and scratch, not embeddings. */
    public long workingBytes() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
}
