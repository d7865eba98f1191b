package siglip.job.towers;

import java.nio.FloatBuffer;
import siglip.kernels.blas.Matrix;

/**
 * Scales rows to Euclidean length 1, and takes gradients back through it: {@code dy = (de - e (e . de)) / |y|}. Norms and dot products are
 * summed in {@code double}.
 *
 * <p>A row whose norm is at most {@link #SMALLEST_NORM} becomes zeros and passes no gradient back: it has no direction. NaN stays NaN.
 */
final class UnitRows {
    static final double SMALLEST_NORM = 1e-12;

    private final double[] inverseNorms;
    private final float[] yRow;
    private final float[] dRow;

    UnitRows(int capacity, int width) {
        inverseNorms = new double[capacity];
        yRow = new float[width];
        dRow = new float[width];
    }

    /** {@code e = y / |y|} for each row of {@code y}. */
    void forward(Matrix y, Matrix e) {
        int width = yRow.length;
        FloatBuffer from = y.floats();
        FloatBuffer to = e.floats();
        for (int i = 0; i < y.rows(); i++) {
            from.get(i * width, yRow);
            double inverse = inverse(Math.sqrt(dot(yRow, yRow)));
            inverseNorms[i] = inverse;
            for (int k = 0; k < width; k++) {
                yRow[k] = (float) (yRow[k] * inverse);
            }
            to.put(i * width, yRow);
        }
    }

    /** @param y of the forward pass; {@code de} and {@code dy} have its shape */
    void backward(Matrix y, Matrix de, Matrix dy) {
        int width = yRow.length;
        FloatBuffer from = y.floats();
        FloatBuffer gradient = de.floats();
        FloatBuffer to = dy.floats();
        for (int i = 0; i < y.rows(); i++) {
            from.get(i * width, yRow);
            gradient.get(i * width, dRow);
            double inverse = inverseNorms[i];
            double along = dot(yRow, dRow) * inverse * inverse;
            for (int k = 0; k < width; k++) {
                dRow[k] = (float) ((dRow[k] - yRow[k] * along) * inverse);
            }
            to.put(i * width, dRow);
        }
    }

    static double inverse(double norm) {
        return norm <= SMALLEST_NORM ? 0 : 1 / norm;
    }

    private static double dot(float[] a, float[] b) {
        double even = 0; // two sums, so that one addition need not wait for the other
        double odd = 0;
        int k = 0;
        for (; k + 1 < a.length; k += 2) {
            even += (double) a[k] * b[k];
            odd += (double) a[k + 1] * b[k + 1];
        }
        return k < a.length ? even + odd + (double) a[k] * b[k] : even + odd;
    }
}
