package siglip.kernels.blas;

import java.lang.ref.Reference;

/** Checks shapes once and settles what is empty, so that a library sees only products with something to do. */
abstract class CheckedProducts implements MatrixProducts {

    @Override
    public final void timesTransposed(Operand a, Operand b, Matrix c, Into into) {
        product(a, false, b, true, c, into);
    }

    @Override
    public final void times(Operand a, Operand b, Matrix c, Into into) {
        product(a, false, b, false, c, into);
    }

    @Override
    public final void transposedTimes(Operand a, Operand b, Matrix c, Into into) {
        product(a, true, b, false, c, into);
    }

    private void product(
            Operand left, boolean transposeLeft, Operand right, boolean transposeRight, Matrix c, Into into) {
        Matrix a = left.matrix();
        Matrix b = right.matrix();
        int m = transposeLeft ? a.columns() : a.rows();
        int k = transposeLeft ? a.rows() : a.columns();
        int n = transposeRight ? b.rows() : b.columns();
        if (k != (transposeRight ? b.columns() : b.rows()) || c.rows() != m || c.columns() != n) {
            throw new IllegalArgumentException("Cannot compute c = a%s b%s with a %d x %d, b %d x %d, c %d x %d"
                    .formatted(
                            transposeLeft ? "'" : "",
                            transposeRight ? "'" : "",
                            a.rows(),
                            a.columns(),
                            b.rows(),
                            b.columns(),
                            c.rows(),
                            c.columns()));
        }
        if (m == 0 || n == 0) {
            return;
        }
        if (k == 0) {
            if (into == Into.OVERWRITE) {
                c.clear();
            }
            return;
        }
        try {
            compute(new Shape(m, n, k, transposeLeft, transposeRight, into), left, right, c);
        } finally { // native code knows addresses alone, which do not keep memory from being collected
            Reference.reachabilityFence(left);
            Reference.reachabilityFence(right);
            Reference.reachabilityFence(c);
        }
    }

    /** {@code c = op(a) op(b)}; no extent is 0. Operands may be prepared or not. */
    abstract void compute(Shape shape, Operand a, Operand b, Matrix c);

    /** {@code m x k} times {@code k x n}, each operand stored as it is or transposed. */
    record Shape(int m, int n, int k, boolean transposeA, boolean transposeB, Into into) {}
}
