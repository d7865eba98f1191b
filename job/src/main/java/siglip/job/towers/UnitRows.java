package siglip.job.towers;

import java.nio.FloatBuffer;
import siglip.kernels.blas.Matrix;

/**
 * Scales rows to Euclidean length 1, and takes gradients back through it: {@code dy = (de - e (e . de)) / |y|}.
 *
 * <p><b>Accuracy.</b> Norms and dot products are sums in {@code double} of sums of eight products in {@code float}: off by at most 4 u of the sum of
 * their absolute terms, u = 2^-24. The rest is {@code float}: an element of {@code e} is off by at most 4 u of itself, one of {@code dy} by at most
 * {@code 5 u |de[k]| + 15 u |e[k]| |de|}, over {@code |y|}. That is but for terms in u squared, and for numbers below 2^-126,
 * the least normal {@code float}, or above the greatest that come up on the way.
 *
 * <p>A row whose norm is at most {@link #SMALLEST_NORM} becomes zeros and passes no gradient back: it has no direction. NaN stays NaN.
 */
public final class UnitRows {
    static final double SMALLEST_NORM = 1e-12;

    private final double[] inverseNorms;
    private final float[] yRow;
    private final float[] dRow;
    private final float[] products;

    public UnitRows(int capacity, int width) {
        inverseNorms = new double[capacity];
        yRow = new float[width];
        dRow = new float[width];
        products = new float[width];
    }

    /** {@code e = y / |y|} for each row of {@code y}; both may be the same. */
    public void forward(Matrix y, Matrix e) {
        int width = yRow.length;
        FloatBuffer from = y.floats();
        FloatBuffer to = e.floats();
        for (int i = 0; i < y.rows(); i++) {
            from.get(i * width, yRow);
            double inverse = inverse(Math.sqrt(dot(yRow, yRow)));
            inverseNorms[i] = inverse;
            multiply(yRow, (float) inverse);
            to.put(i * width, yRow);
        }
    }

    /** @param y of the forward pass; {@code de} and {@code dy} have its shape, and may be the same */
    void backward(Matrix y, Matrix de, Matrix dy) {
        backward(y, de, dy, false);
    }

    /**
     * The same for who has not kept {@code y}.
     *
     * @param e of the forward pass
     */
    public void backwardOf(Matrix e, Matrix de, Matrix dy) {
        backward(e, de, dy, true);
    }

    private void backward(Matrix rows, Matrix de, Matrix dy, boolean areUnit) {
        int width = yRow.length;
        FloatBuffer from = rows.floats();
        FloatBuffer gradient = de.floats();
        FloatBuffer to = dy.floats();
        for (int i = 0; i < rows.rows(); i++) {
            from.get(i * width, yRow);
            gradient.get(i * width, dRow);
            double inverse = inverseNorms[i];
            double along = dot(yRow, dRow) * (areUnit ? 1 : inverse * inverse);
            subtract(yRow, (float) along, dRow);
            multiply(dRow, (float) inverse);
            to.put(i * width, dRow);
        }
    }

    static double inverse(double norm) {
        return norm <= SMALLEST_NORM ? 0 : 1 / norm;
    }

    // Loops of their own, without a conversion in them: so the compiler vectorises them.

    private double dot(float[] a, float[] b) {
        for (int k = 0; k < products.length; k++) {
            products[k] = a[k] * b[k];
        }
        double sum = 0;
        int k = 0;
        for (; k + 8 <= products.length; k += 8) {
            sum += ((products[k] + products[k + 1]) + (products[k + 2] + products[k + 3]))
                    + ((products[k + 4] + products[k + 5]) + (products[k + 6] + products[k + 7]));
        }
        for (; k < products.length; k++) {
            sum += products[k];
        }
        return Double.isFinite(sum) ? sum : exactDot(a, b);
    }

    /** Of numbers whose products a {@code float} cannot hold. */
    private static double exactDot(float[] a, float[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += (double) a[k] * b[k];
        }
        return sum;
    }

    private static void multiply(float[] row, float factor) {
        for (int k = 0; k < row.length; k++) {
            row[k] *= factor;
        }
    }

    /** {@code from -= factor * row}. */
    private static void subtract(float[] row, float factor, float[] from) {
        for (int k = 0; k < from.length; k++) {
            from[k] -= factor * row[k];
        }
    }
}
