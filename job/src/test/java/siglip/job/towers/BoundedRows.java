package siglip.job.towers;

import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.Precision;
import siglip.kernels.blas.RoundingProducts;

/**
 * Rows of numbers in double, and for each how far a float computation of it may be off, derived step by step from the rounding of each operation.
 *
 * @param value rows of values
 * @param error rows of bounds of the absolute error
 */
public record BoundedRows(double[][] value, double[][] error) {
    /** Half a unit in the last place of 1, 2^-24. */
    public static final double U = 0x1p-24;

    static BoundedRows zeros(int rows, int width) {
        return new BoundedRows(new double[rows][width], new double[rows][width]);
    }

    /** Values that are what they are. */
    public static BoundedRows exact(double[][] value) {
        return new BoundedRows(value, new double[value.length][value.length == 0 ? 0 : value[0].length]);
    }

    static BoundedRows exact(Matrix matrix, int rows) {
        double[][] value = new double[rows][matrix.columns()];
        for (int i = 0; i < rows; i++) {
            for (int k = 0; k < matrix.columns(); k++) {
                value[i][k] = matrix.get(i, k);
            }
        }
        return exact(value);
    }

    /** As a product reads them that rounds its operands. */
    BoundedRows readIn(Precision precision) {
        BoundedRows read = zeros(value.length, value.length == 0 ? 0 : value[0].length);
        for (int i = 0; i < value.length; i++) {
            for (int k = 0; k < value[i].length; k++) {
                read.value[i][k] = value[i][k];
                read.error[i][k] =
                        error[i][k] + RoundingProducts.unit(precision) * (Math.abs(value[i][k]) + error[i][k]);
            }
        }
        return read;
    }

    public int rows() {
        return value.length;
    }

    /** Relative error of a sum of {@code terms} products, in any order: Higham's gamma. */
    public static double gamma(int terms) {
        return terms * U / (1 - terms * U);
    }
}
