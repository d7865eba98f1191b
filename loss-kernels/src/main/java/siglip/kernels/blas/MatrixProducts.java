package siglip.kernels.blas;

/**
 * Products of dense matrices. An instance belongs to one thread, uses one thread, and keeps primitives and scratch memory per
 * shape.
 *
 * <p>{@code c} is overwritten, or added to with {@link Into#ADD}. Operands must not overlap {@code c}. The same shapes and
 * values give the same bits on every call of one implementation on one machine.
 *
 * <p><b>Accuracy.</b> Sums are formed in {@code float} in an order of the library's choice, so an element of {@code a b} is off by
 * at most {@code g * sum_k |a[i][k]| |b[k][j]|}, where {@code g = n * u / (1 - n * u)}, {@code u = 2^-24}, and {@code n} is the
 * number of terms, one more with {@link Into#ADD}, whose former content is one of the terms.
 */
public interface MatrixProducts extends AutoCloseable {
    /** What happens to the result's former content. */
    enum Into {
        OVERWRITE,
        ADD
    }

    /**
     * Opens the products of one library, for the calling thread.
     *
     * @param choice {@code onednn}, {@code openblas}, {@code java}, or {@code auto} for the first of these that loads; or a
     *     {@link #name} that an earlier instance had, which only the same library, version and instruction set satisfies
     * @throws IllegalArgumentException if the choice names no library
     * @throws IllegalStateException if the choice cannot be honoured here; the message says what is missing
     */
    static MatrixProducts open(String choice) {
        return ProductLibrary.open(choice);
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
