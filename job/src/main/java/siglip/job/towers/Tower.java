package siglip.job.towers;

import siglip.kernels.blas.Matrix;

/**
 * One encoder between its input rows and its output rows, before these are normalised. Keeps what a forward pass leaves for the
 * backward pass that follows it. Belongs to one thread. Sums over rows, so batches may be cut anywhere.
 */
interface Tower extends AutoCloseable {
    /** Whether anybody will ask for the gradient with respect to the input rows. */
    enum InputGradient {
        NEEDED,
        UNUSED
    }

    /**
     * @param parameters 1 x parameters, unchanged until {@link #backward}
     * @param input n x in, unchanged until {@link #backward}
     * @return n x out, valid until the next call
     */
    Matrix forward(Matrix parameters, Matrix input);

    /**
     * @param outputGradient n x out; its content is lost
     * @param gradient 1 x parameters, overwritten
     */
    void backward(Matrix outputGradient, Matrix gradient);

    /** Gradient with respect to the input rows, n x in, after {@link #backward}; only of a tower that was made for it. */
    Matrix inputGradient();

    long bytes();

    @Override
    void close();
}
