package siglip.kernels;

import siglip.kernels.blas.Matrix;

/**
 * A block of m images and n texts, each of which is compared with each.
 *
 * @param images m x dim, used as they are: no normalisation happens here
 * @param texts n x dim
 * @param labels which pairs belong together
 * @param form of the loss
 * @param scalars what it has learned
 * @param batch of which the block is a part
 */
public record PairBlock(
        Matrix images, Matrix texts, PairLabels labels, LossForm form, LossScalars scalars, GlobalBatch batch) {
    public PairBlock {
        if (form.loss() != scalars.loss()) {
            throw new IllegalArgumentException("Cannot compute the %s loss with scalars of the %s loss"
                    .formatted(form.loss().id(), scalars.loss().id()));
        }
        if (images.columns() != texts.columns()) {
            throw new IllegalArgumentException(
                    "Cannot compare images of %d dims with texts of %d".formatted(images.columns(), texts.columns()));
        }
        if (labels.imageConcepts().length != images.rows() || labels.textConcepts().length != texts.rows()) {
            throw new IllegalArgumentException("Cannot label %d images and %d texts with %d and %d concept ids"
                    .formatted(
                            images.rows(), texts.rows(), labels.imageConcepts().length, labels.textConcepts().length));
        }
    }

    /** A whole batch. */
    public PairBlock(Matrix images, Matrix texts, PairLabels labels, LossForm form, LossScalars scalars) {
        this(images, texts, labels, form, scalars, GlobalBatch.of(texts.rows(), 0, 0));
    }

    /** Of a loss without options. */
    public PairBlock(Matrix images, Matrix texts, PairLabels labels, LossScalars scalars) {
        this(images, texts, labels, LossForm.plain(scalars.loss()), scalars);
    }

    /** Its image rows {@code from} to {@code from + count - 1}, with all texts. */
    public PairBlock images(int from, int count) {
        return new PairBlock(images.rows(from, count), texts, labels.images(from, count), form, scalars, batch);
    }

    /** The same with other scalars. */
    public PairBlock with(LossScalars others) {
        return new PairBlock(images, texts, labels, form, others, batch);
    }

    /** The same with other negatives that count. */
    public PairBlock with(GlobalBatch of) {
        return new PairBlock(images, texts, labels, form, scalars, of);
    }

    /** @throws IllegalArgumentException if the scale is not usable as a {@code float} */
    LogitParams logits() {
        LogitParams params = scalars.logits();
        if (params.scale() < 1e-30 || params.scale() > 1e30) {
            throw new IllegalArgumentException(
                    "Cannot compute logits with logScale=%s: the scale %s has left 1e-30 to 1e30"
                            .formatted(params.logScale(), params.scale()));
        }
        return params;
    }

    /** @throws IllegalArgumentException if gradients of the embeddings cannot be added to these */
    void checkGradients(Matrix imageGradient, Matrix textGradient) {
        checkShape("image", images, imageGradient);
        checkShape("text", texts, textGradient);
    }

    private static void checkShape(String what, Matrix of, Matrix gradient) {
        if (gradient.rows() != of.rows() || gradient.columns() != of.columns()) {
            throw new IllegalArgumentException("Cannot add the %s gradient of %d x %d to a matrix of %d x %d"
                    .formatted(what, of.rows(), of.columns(), gradient.rows(), gradient.columns()));
        }
    }
}
