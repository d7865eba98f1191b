package siglip.job.losses;

import siglip.kernels.DuplicatePolicy;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;
import siglip.kernels.LossScalars;
import siglip.kernels.PairBlock;
import siglip.kernels.PairLabels;
import siglip.kernels.blas.Matrix;

/** Images and texts whose pairs of equal number belong together, and room for their gradients: a block to measure on. */
public record LossBlock(LossKernels kernels, Matrix images, Matrix texts, Matrix imageGradient, Matrix textGradient) {

    public static LossBlock of(LossKernels kernels, Matrix images, Matrix texts) {
        return new LossBlock(
                kernels,
                images,
                texts,
                Matrix.allocate(images.rows(), images.columns()),
                Matrix.allocate(texts.rows(), texts.columns()));
    }

    PairBlock with(LossForm form, LossScalars scalars) {
        int[] imageConcepts = new int[images.rows()];
        int[] textConcepts = new int[texts.rows()];
        PairLabels labels = new PairLabels(0, 0, imageConcepts, textConcepts, DuplicatePolicy.IGNORE);
        return new PairBlock(images, texts, labels, form, scalars);
    }

    /** Pairs of an image with a text. */
    double pairs() {
        return (double) images.rows() * texts.rows();
    }
}
