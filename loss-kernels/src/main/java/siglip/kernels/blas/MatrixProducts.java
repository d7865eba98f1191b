package siglip.kernels.blas;

/**
 * Products of dense matrices. An instance belongs to one thread; it may keep primitives and scratch memory per shape.
 *
 * <p>{@code c} is overwritten, or added to with {@link Into#ADD}. Operands must not overlap {@code c}. The same shapes and
 * values give the same bits on every call of one implementation on one machine.
 */
public interface MatrixProducts extends AutoCloseable {
    /** What happens to the result's former content. */
    enum Into {
        OVERWRITE,
        ADD
    }

    /** Which library, with its version, and which instruction set it runs on: part of the numerics fingerprint. */
    String name();

    /** {@code c = a b'}: {@code a} is m x k, {@code b} n x k, {@code c} m x n. */
    void timesTransposed(Matrix a, Matrix b, Matrix c, Into into);

    /** {@code c = a b}: {@code a} is m x k, {@code b} k x n, {@code c} m x n. */
    void times(Matrix a, Matrix b, Matrix c, Into into);

    /** {@code c = a' b}: {@code a} is k x m, {@code b} k x n, {@code c} m x n. */
    void transposedTimes(Matrix a, Matrix b, Matrix c, Into into);

    @Override
    void close();
}
