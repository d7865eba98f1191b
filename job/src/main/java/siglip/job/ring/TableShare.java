package siglip.job.ring;

import siglip.kernels.blas.Matrix;

/**
 * Rows of a table that somebody contributes to a gradient.
 *
 * @param ids ascending; the first {@code count} count
 * @param values a row each
 */
public record TableShare(int[] ids, int count, Matrix values) {}
