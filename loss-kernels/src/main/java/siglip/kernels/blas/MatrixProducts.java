package siglip.kernels.blas;

import java.util.List;

/**
 * Products of dense matrices. An instance belongs to one thread, uses one thread, and keeps primitives and scratch memory per
 * shape.
 *
 * <p>{@code c} is overwritten, or added to with {@link Into#ADD}. Operands must not overlap {@code c}. The same shapes and
 * values give the same bits on every call of one implementation on one machine.
 *
 * <p><b>Accuracy.</b> Sums are formed in {@code float} in an order of the library's choice, so an element of {@code a b} is off by
 * at most {@code g * sum_k |a[i][k]| |b[k][j]|}, where {@code g = n * u / (1 - n * u)}, {@code u = 2^-24}, and {@code n} is the
 * number of terms, one more with {@link Into#ADD}, whose former content is one of the terms. With {@link Precision#BF16} that holds of the
 * rounded operands, and the rounding adds at most {@code (2 v + v * v) * sum_k |a[i][k]| |b[k][j]|}, {@code v = 2^-8}, which is the worst
 * case: roundings are independent, so their root mean square is at most {@code v * sqrt(2/3 * sum_k (a[i][k] b[k][j])^2)}. Numbers
 * below 2^-126, the least normal one, may be taken for 0.
 */
public interface MatrixProducts extends AutoCloseable {
    /** What happens to the result's former content. */
    enum Into {
        OVERWRITE,
        ADD
    }

    /**
     * Opens the products of one library in one precision, for the calling thread.
     *
     * @param choice {@code onednn}, {@code openblas}, {@code java}, or {@code auto} for the first of these that loads; or a
     *     {@link #name} that an earlier instance had, which only the same library, version and instruction set satisfies
     * @param precision {@code fp32}; {@code bf16}, which takes oneDNN on a processor that multiplies bf16 itself; or {@code auto}, bf16 where
     *     that is so and fp32 elsewhere
     * @throws IllegalArgumentException if the choice names no library, or the precision none that exists
     * @throws IllegalStateException if the choice cannot be honoured here; the message says what is missing
     */
    static MatrixProducts open(String choice, String precision) {
        return ProductLibrary.open(choice, precision);
    }

    /** What would make processes compute with the same products whose {@link #name}s differ. */
    static String remedy(List<String> names) {
        return ProductLibrary.remedy(names);
    }

    /** Which library, with its version, and which instruction set it runs on: part of the numerics fingerprint. */
    String name();

    /** In which format operands are read. */
    default Precision precision() {
        return Precision.FP32;
    }

    /** An operand to {@link #prepare} matrices of up to that size into, so that no memory is taken later: empty where nothing is rounded. */
    default Operand room(int rows, int columns) {
        return Operand.empty();
    }

    /**
     * Makes a matrix ready for several products: rounds it once, where products round.
     *
     * @param former an operand that is not needed any more, whose memory is taken if it is large enough
     */
    default Operand prepare(Matrix matrix, Operand former) {
        return matrix;
    }

    /** {@code c = a b'}: {@code a} is m x k, {@code b} n x k, {@code c} m x n. */
    void timesTransposed(Operand a, Operand b, Matrix c, Into into);

    /** {@code c = a b}: {@code a} is m x k, {@code b} k x n, {@code c} m x n. */
    void times(Operand a, Operand b, Matrix c, Into into);

    /** {@code c = a' b}: {@code a} is k x m, {@code b} k x n, {@code c} m x n. */
    void transposedTimes(Operand a, Operand b, Matrix c, Into into);

    @Override
    void close();
}
