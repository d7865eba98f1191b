package siglip.kernels.blas;

/**
 * What a product reads: a matrix as it is, or one that {@link MatrixProducts#prepare} has rounded, once for several products. A rounded one
 * holds the values that the matrix had then: a change of the matrix afterwards asks for another {@code prepare}.
 */
public sealed interface Operand permits Matrix, RoundedMatrix {
    /** Of no rows: what {@link MatrixProducts#prepare} starts from. */
    static Operand empty() {
        return Matrix.allocate(0, 0);
    }

    /** What was given, not rounded. */
    Matrix matrix();

    /** Rows {@code from} to {@code from + count - 1}, sharing memory. */
    Operand rows(int from, int count);

    /** Bytes that there are for a rounded copy. */
    long roundedBytes();
}
