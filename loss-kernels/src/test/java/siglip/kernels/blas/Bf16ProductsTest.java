package siglip.kernels.blas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import org.bytedeco.dnnl.global.dnnl;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.kernels.Blocks;
import siglip.kernels.blas.MatrixProducts.Into;

/** Products in bf16 against {@code double} arithmetic on rounded and on given operands, the library's and the plain ones. */
class Bf16ProductsTest {
    private static final double V = 0x1p-8;

    private final Random random = new Random(Blocks.SEED);

    private Matrix gaussian(int rows, int columns) {
        Matrix matrix = Matrix.allocate(rows, columns);
        for (int i = 0; i < matrix.size(); i++) {
            matrix.floats().put(i, (float) random.nextGaussian());
        }
        return matrix;
    }

    private static double gamma(int terms) {
        return terms * 0x1p-24 / (1 - terms * 0x1p-24);
    }

    /** Holds one product to both bounds; operands are prepared or not. */
    private void assertRight(MatrixProducts products, ProductForm form, int m, int n, int k, Into into, boolean ready) {
        Matrix a = form == ProductForm.TRANSPOSED_TIMES ? gaussian(k, m) : gaussian(m, k);
        Matrix b = form == ProductForm.TIMES_TRANSPOSED ? gaussian(n, k) : gaussian(k, n);
        Matrix c = gaussian(m, n);
        Matrix before = Matrix.allocate(m, n);
        before.copyFrom(c);
        Matrix roundedA = RoundingProducts.round(a);
        Matrix roundedB = RoundingProducts.round(b);
        if (ready) {
            Operand left = products.prepare(a, Operand.empty());
            Operand right = products.prepare(b, Operand.empty());
            form.compute(products, left, right, c, into);
        } else {
            form.compute(products, a, b, c, into);
        }
        String what = "%s %s, %d x %d x %d, %s, prepared %s, test.seed %d"
                .formatted(products.name(), form, m, k, n, into, ready, Blocks.SEED);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double first = into == Into.ADD ? before.get(i, j) : 0;
                double given = first;
                double rounded = first;
                double absolute = 0;
                double roundedAbsolute = Math.abs(first);
                for (int p = 0; p < k; p++) {
                    double term = form.left(a, i, p) * form.right(b, p, j);
                    double roundedTerm = form.left(roundedA, i, p) * form.right(roundedB, p, j);
                    given += term;
                    rounded += roundedTerm;
                    absolute += Math.abs(term);
                    roundedAbsolute += Math.abs(roundedTerm);
                }
                double summed = gamma(k + 1) * roundedAbsolute;
                assertThat(Math.abs(c.get(i, j) - rounded))
                        .as("of rounded operands, %s", what)
                        .isLessThanOrEqualTo(summed);
                assertThat(Math.abs(c.get(i, j) - given))
                        .as("of given operands, %s", what)
                        .isLessThanOrEqualTo(summed + (2 * V + V * V) * absolute);
            }
        }
    }

    static Iterable<MatrixProducts> products() {
        return RoundingProducts.all();
    }

    @ParameterizedTest
    @MethodSource("products")
    void everyFormStaysWithinItsBounds(MatrixProducts products) {
        int[][] shapes = {{1, 1, 1}, {2, 3, 5}, {1, 40, 7}, {40, 1, 7}, {17, 16, 15}, {33, 31, 64}, {20, 300, 140}};
        try (products) {
            for (int[] shape : shapes) {
                for (ProductForm form : ProductForm.values()) {
                    for (Into into : Into.values()) {
                        assertRight(products, form, shape[0], shape[1], shape[2], into, false);
                        assertRight(products, form, shape[0], shape[1], shape[2], into, true);
                    }
                }
            }
            assertRight(products, ProductForm.TIMES, 0, 3, 2, Into.ADD, true);
            assertRight(products, ProductForm.TIMES, 3, 2, 0, Into.OVERWRITE, true);
        }
    }

    @ParameterizedTest
    @MethodSource("products")
    void theRootMeanSquareOfTheErrorIsWhatIndependentRoundingsGive(MatrixProducts products) {
        int n = 64;
        int k = 200;
        Matrix a = gaussian(n, k);
        Matrix b = gaussian(n, k);
        Matrix c = Matrix.allocate(n, n);
        try (products) {
            products.timesTransposed(a, b, c, Into.OVERWRITE);
        }
        double squares = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                double exact = 0;
                double terms = 0;
                for (int p = 0; p < k; p++) {
                    double term = (double) a.get(i, p) * b.get(j, p);
                    exact += term;
                    terms += term * term;
                }
                squares += (c.get(i, j) - exact) * (c.get(i, j) - exact) / terms;
            }
        }
        double bound = V * Math.sqrt(2.0 / 3);

        // A rounding is evenly spread over half a unit in the last place, so it reaches the bound where mantissas are 1
        // and half of it at 2.
        assertThat(Math.sqrt(squares / (n * n))).isBetween(bound / 2, bound);
    }

    @ParameterizedTest
    @MethodSource("products")
    void oneHotRowsGiveTheRoundedValuesThemselves(MatrixProducts products) {
        Matrix values = gaussian(33, 21);
        float[] special = {1 + 0x1p-8f, 1 + 0x1p-7f + 0x1p-8f, -1 - 0x1p-8f, 1 + 0x1p-8f + 0x1p-20f, 0x1p-120f, 3e38f};
        for (int i = 0; i < special.length; i++) {
            values.floats().put(i, special[i]); // ties, which go to even, and the ends of the range
        }
        Matrix identity = Matrix.allocate(33, 33);
        for (int i = 0; i < 33; i++) {
            identity.set(i, i, 1);
        }
        Matrix result = Matrix.allocate(33, 21);
        try (products) {
            products.times(identity, values, result, Into.OVERWRITE);
            assertThat(result.toArray())
                    .isEqualTo(RoundingProducts.round(values).toArray());

            Operand prepared = products.prepare(values, Operand.empty());
            products.transposedTimes(products.prepare(identity, Operand.empty()), prepared, result, Into.ADD);
            assertThat(result.get(5, 5)).isEqualTo(2 * RoundingProducts.round(values.get(5, 5)));
        }
    }

    @ParameterizedTest
    @MethodSource("products")
    void rowsOfAPreparedOperandAreThoseOfTheMatrix(MatrixProducts products) {
        Matrix whole = gaussian(30, 7);
        Matrix identity = Matrix.allocate(7, 7);
        for (int i = 0; i < 7; i++) {
            identity.set(i, i, 1);
        }
        Matrix result = Matrix.allocate(5, 7);
        try (products) {
            Operand former = products.prepare(gaussian(40, 7), Operand.empty());
            Operand prepared = products.prepare(whole, former);
            Operand unit = products.prepare(identity, Operand.empty());
            if (former instanceof RoundedMatrix rounded) {
                assertThat(((RoundedMatrix) prepared).address())
                        .as("memory is used again")
                        .isEqualTo(rounded.address());
            }
            assertThat(prepared.roundedBytes()).isEqualTo(former.roundedBytes());

            products.times(prepared.rows(11, 5), unit, result, Into.OVERWRITE);
        }
        assertThat(result.toArray())
                .isEqualTo(RoundingProducts.round(whole.rows(11, 5)).toArray());
    }

    @ParameterizedTest
    @MethodSource("products")
    void notANumberStaysOne(MatrixProducts products) {
        Matrix values = gaussian(4, 20);
        values.set(2, 3, Float.NaN);
        Matrix result = Matrix.allocate(4, 4);
        try (products) {
            products.timesTransposed(values, gaussian(4, 20), result, Into.OVERWRITE);
        }
        assertThat(result.get(2, 0)).isNaN();
        assertThat(result.get(1, 0)).isNotNaN();
    }

    /** Cuts the operands' low bits off. */
    private record TruncatingProducts(MatrixProducts right) implements MatrixProducts {
        private static Matrix cut(Operand operand) {
            Matrix matrix = operand.matrix();
            Matrix cut = Matrix.allocate(matrix.rows(), matrix.columns());
            for (int i = 0; i < matrix.size(); i++) {
                int bits = Float.floatToRawIntBits(matrix.floats().get(i));
                cut.floats().put(i, Float.intBitsToFloat(bits & 0xffff0000));
            }
            return cut;
        }

        @Override
        public String name() {
            return "truncating";
        }

        @Override
        public void timesTransposed(Operand a, Operand b, Matrix c, Into into) {
            right.timesTransposed(cut(a), cut(b), c, into);
        }

        @Override
        public void times(Operand a, Operand b, Matrix c, Into into) {
            right.times(cut(a), cut(b), c, into);
        }

        @Override
        public void transposedTimes(Operand a, Operand b, Matrix c, Into into) {
            right.transposedTimes(cut(a), cut(b), c, into);
        }

        @Override
        public void close() {
            right.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void truncationFallsOutsideTheBound(ProductForm form) {
        try (MatrixProducts wrong = new TruncatingProducts(MatrixProducts.open("java", "fp32"))) {
            assertThatThrownBy(() -> assertRight(wrong, form, 5, 6, 50, Into.OVERWRITE, false))
                    .isInstanceOf(AssertionError.class);
        }
    }

    @Test
    void instructionSetsThatMultiplyBf16AreTold() {
        assertThat(InstructionSet.multipliesBf16(dnnl.dnnl_cpu_isa_avx512_core_bf16))
                .isTrue();
        assertThat(InstructionSet.multipliesBf16(dnnl.dnnl_cpu_isa_avx512_core_amx))
                .isTrue();
        assertThat(InstructionSet.multipliesBf16(dnnl.dnnl_cpu_isa_avx10_2_512)).isTrue();
        assertThat(InstructionSet.multipliesBf16(dnnl.dnnl_cpu_isa_avx512_core)).isFalse();
        assertThat(InstructionSet.multipliesBf16(dnnl.dnnl_cpu_isa_avx512_core_vnni))
                .isFalse();
        assertThat(InstructionSet.multipliesBf16(dnnl.dnnl_cpu_isa_avx2_vnni_2)).isFalse();
        assertThat(InstructionSet.multipliesBf16(dnnl.dnnl_cpu_isa_default)).isFalse();
    }

    @Test
    void choicesThatCannotBeHonouredSayWhy() {
        for (String library : new String[] {"openblas", "java"}) {
            assertThatThrownBy(() -> MatrixProducts.open(library, "bf16"))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "Cannot compute products in bf16 with '%s': only onednn has them. Choose products auto or onednn, or precision auto or fp32"
                                    .formatted(library));
            try (MatrixProducts products = MatrixProducts.open(library, "auto")) {
                assertThat(products.precision()).isEqualTo(Precision.FP32);
            }
        }
        assertThatThrownBy(() -> MatrixProducts.open("auto", "fp16"))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Cannot compute products in precision 'fp16': there are auto, fp32 and bf16");
    }
}
