package siglip.job.losses;

import siglip.kernels.DuplicatePolicy;
import siglip.kernels.LossKernels;
import siglip.kernels.PairLabels;
import siglip.kernels.blas.Matrix;

/** Images and texts whose pairs of equal number belong together, and room for their gradients: a block to measure on. */
public record LossBlock(
        LossKernels kernels,
        Matrix images,
        Matrix texts,
        PairLabels labels,
        Matrix imageGradient,
        Matrix textGradient) {

    public static LossBlock of(LossKernels kernels, Matrix images, Matrix texts) {
        PairLabels labels = new PairLabels(0, 0, new int[images.rows()], new int[texts.rows()], DuplicatePolicy.IGNORE);
        return new LossBlock(
                kernels,
                images,
                texts,
                labels,
                Matrix.allocate(images.rows(), images.columns()),
                Matrix.allocate(texts.rows(), texts.columns()));
    }

    /** Pairs of an image with a text. */
    double pairs() {
        return (double) images.rows() * texts.rows();
    }
}
