package siglip.job.towers;

import java.util.ArrayList;
import java.util.List;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Operand;

/** Memory that the layers of a tower use in turns: nothing in it lasts beyond a layer's pass. */
final class Scratch {
    private final MatrixProducts products;
    private final int widest;
    private final List<float[]> rows = new ArrayList<>();
    private Operand operand;

    /** @param widest floats of the longest row */
    Scratch(MatrixProducts products, int capacity, int widest) {
        this.products = products;
        this.widest = widest;
        operand = products.room(capacity, widest);
    }

    /** Room for a row; the same for the same number. */
    float[] row(int number) {
        while (rows.size() <= number) {
            rows.add(new float[widest]);
        }
        return rows.get(number);
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
