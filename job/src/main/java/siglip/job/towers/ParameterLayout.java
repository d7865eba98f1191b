package siglip.job.towers;

import java.io.Serializable;
import siglip.kernels.blas.Matrix;

/**
 * How many numbers a model learns beside t' and b, which live with the driver as doubles.
 *
 * @param imageParameters of the image tower
 * @param textParameters of the text tower, without its table
 * @param tableRows rows of the hashed table under the text tower; 0 when texts are features
 * @param tableWidth floats of a row
 */
public record ParameterLayout(int imageParameters, int textParameters, int tableRows, int tableWidth)
        implements Serializable {

    /** Length P of the flat vector: image tower first, then text tower. */
    public int dense() {
        return Math.addExact(imageParameters, textParameters);
    }

    /** A tower's range of a flat vector; the memory is shared. */
    public Matrix of(Modality modality, Matrix dense) {
        return modality == Modality.IMAGE
                ? dense.range(0, 1, imageParameters)
                : dense.range(imageParameters, 1, textParameters);
    }
}
