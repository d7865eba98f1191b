package siglip.kernels.blas;

import siglip.kernels.blas.MatrixProducts.Into;

/** The three products, by which operand is taken transposed. */
enum ProductForm {
    TIMES_TRANSPOSED,
    TIMES,
    TRANSPOSED_TIMES;

    void compute(MatrixProducts products, Operand a, Operand b, Matrix c, Into into) {
        switch (this) {
            case TIMES_TRANSPOSED -> products.timesTransposed(a, b, c, into);
            case TIMES -> products.times(a, b, c, into);
            case TRANSPOSED_TIMES -> products.transposedTimes(a, b, c, into);
        }
    }

    double left(Matrix a, int i, int p) {
        return this == TRANSPOSED_TIMES ? a.get(p, i) : a.get(i, p);
    }

    double right(Matrix b, int p, int j) {
        return this == TIMES_TRANSPOSED ? b.get(j, p) : b.get(p, j);
    }
}
