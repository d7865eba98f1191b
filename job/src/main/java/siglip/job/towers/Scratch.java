package siglip.job.towers;

import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Operand;

/** Memory for a gradient that is made ready for products, which the layers of a tower use in turns. */
final class Scratch {
    private final MatrixProducts products;
    private Operand operand;

    /** @param widest floats of the longest row of a gradient */
    Scratch(MatrixProducts products, int capacity, int widest) {
        this.products = products;
        operand = products.room(capacity, widest);
    }

    /** Makes a matrix ready for products, until the next call. */
    Operand prepare(Matrix matrix) {
        operand = products.prepare(matrix, operand);
        return operand;
    }

    long bytes() {
        return operand.roundedBytes();
    }
}
