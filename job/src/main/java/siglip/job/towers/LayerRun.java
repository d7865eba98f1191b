package siglip.job.towers;

import siglip.kernels.blas.Matrix;

/** A layer at work. Keeps what a forward pass leaves for the backward pass that follows it. Belongs to one thread. */
interface LayerRun {
    /**
     * @param parameters of the layer, 1 x parameters; unchanged until {@link #backward}
     * @param input n x in, at least one row; unchanged until {@link #backward}
     * @return n x out, valid until the next call
     */
    Matrix forward(Matrix parameters, Matrix input);

    /**
     * @param outputGradient n x out; its content is lost
     * @param gradient 1 x parameters, overwritten
     * @param inputGradient n x in, overwritten; of no rows where it is not asked for
     */
    void backward(Matrix outputGradient, Matrix gradient, Matrix inputGradient);

    /** Bytes of native memory that it alone uses. */
    long bytes();
}
