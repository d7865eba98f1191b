package siglip.kernels.blas;

import java.util.List;

/**
 * Products of operands rounded to bf16 in plain Java, by a library that knows fp32 alone: what products in bf16 are held to, and what
 * stands for them on a processor that has none.
 */
public record RoundingProducts(MatrixProducts right) implements MatrixProducts {
    private static final Operand ANY = Operand.empty();

    /** The library's and the plain ones; the library's only where the processor has them. */
    public static List<MatrixProducts> all() {
        MatrixProducts best = MatrixProducts.open("auto", "auto");
        RoundingProducts plain = new RoundingProducts(MatrixProducts.open("java", "fp32"));
        return best.precision() == Precision.BF16 ? List.of(plain, best) : List.of(plain);
    }

    /** Bound on the relative error that reading an operand adds to each of its elements. */
    public static double unit(Precision precision) {
        return precision == Precision.BF16 ? 0x1p-8 : 0;
    }

    /** To nearest, to even between two. */
    public static float round(float value) {
        int bits = Float.floatToRawIntBits(value);
        return Float.isNaN(value) ? value : Float.intBitsToFloat((bits + 0x7fff + (bits >>> 16 & 1)) & 0xffff0000);
    }

    public static Matrix round(Operand operand) {
        Matrix matrix = operand.matrix();
        Matrix rounded = Matrix.allocate(matrix.rows(), matrix.columns());
        for (int i = 0; i < matrix.size(); i++) {
            rounded.floats().put(i, round(matrix.floats().get(i)));
        }
        return rounded;
    }

    @Override
    public String name() {
        return "rounding " + right.name();
    }

    @Override
    public Precision precision() {
        return Precision.BF16;
    }

    /** A copy, as the library's is: what becomes of the matrix afterwards must not matter. */
    @Override
    public Operand prepare(Matrix matrix, Operand former) {
        return right.prepare(round(matrix), ANY);
    }

    @Override
    public void timesTransposed(Operand a, Operand b, Matrix c, Into into) {
        right.timesTransposed(round(a), round(b), c, into);
    }

    @Override
    public void times(Operand a, Operand b, Matrix c, Into into) {
        right.times(round(a), round(b), c, into);
    }

    @Override
    public void transposedTimes(Operand a, Operand b, Matrix c, Into into) {
        right.transposedTimes(round(a), round(b), c, into);
    }

    @Override
    public void close() {
        right.close();
    }
}
