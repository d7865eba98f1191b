package siglip.kernels;

import siglip.kernels.blas.Precision;

/**
 * The largest block that the losses are to work on: what their working memory goes by, if each image has one positive and few masked pairs.
 *
 * @param tile rows and columns of a tile of logits
 * @param images rows of images
 * @param texts rows of texts
 * @param dims floats of a row
 */
public record BlockShape(int tile, int images, int texts, int dims, DuplicatePolicy duplicates, Precision precision) {
    /** Rows of the largest tile, and positives in it. */
    int tileRows() {
        return Math.min(tile, images);
    }
}
