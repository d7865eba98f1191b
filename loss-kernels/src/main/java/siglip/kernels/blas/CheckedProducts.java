package siglip.kernels.blas;

import java.lang.ref.Reference;

/** Checks shapes once and settles what is empty, so that a library sees only products with something to do. */
abstract class CheckedProducts implements MatrixProducts {

    @Override
    public final void timesTransposed(Operand left, Operand right, Matrix c, Into into) {
        Matrix a = left.matrix();
        Matrix b = right.matrix();
        check(a, b, c, a.rows(), a.columns(), b.columns(), b.rows(), "a b'");
        product(new Shape(c.rows(), c.columns(), a.columns(), false, true, into), left, right, c);
    }

    @Override
    public final void times(Operand left, Operand right, Matrix c, Into into) {
        Matrix a = left.matrix();
        Matrix b = right.matrix();
        check(a, b, c, a.rows(), a.columns(), b.rows(), b.columns(), "a b");
        product(new Shape(c.rows(), c.columns(), a.columns(), false, false, into), left, right, c);
    }

    @Override
    public final void transposedTimes(Operand left, Operand right, Matrix c, Into into) {
        Matrix a = left.matrix();
        Matrix b = right.matrix();
        check(a, b, c, a.columns(), a.rows(), b.rows(), b.columns(), "a' b");
        product(new Shape(c.rows(), c.columns(), a.rows(), true, false, into), left, right, c);
    }

    private static void check(Matrix a, Matrix b, Matrix c, int m, int k, int otherK, int n, String form) {
        if (k != otherK || c.rows() != m || c.columns() != n) {
            throw new IllegalArgumentException("Cannot compute c = %s with a %d x %d, b %d x %d, c %d x %d"
                    .formatted(form, a.rows(), a.columns(), b.rows(), b.columns(), c.rows(), c.columns()));
        }
    }

    private void product(Shape shape, Operand a, Operand b, Matrix c) {
        if (shape.m() == 0 || shape.n() == 0) {
            return;
        }
        if (shape.k() == 0) {
            if (shape.into() == Into.OVERWRITE) {
                c.clear();
            }
            return;
        }
        try {
            compute(shape, a, b, c);
        } finally { // native code knows addresses alone, which do not keep memory from being collected
            Reference.reachabilityFence(a);
            Reference.reachabilityFence(b);
            Reference.reachabilityFence(c);
        }
    }

    /** {@code c = op(a) op(b)}; no extent is 0. Operands may be prepared or not. */
    abstract void compute(Shape shape, Operand a, Operand b, Matrix c);

    /** {@code m x k} times {@code k x n}, each operand stored as it is or transposed. */
    record Shape(int m, int n, int k, boolean transposeA, boolean transposeB, Into into) {}
}
