package siglip.kernels.blas;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Random;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.kernels.Blocks;
import siglip.kernels.blas.MatrixProducts.Into;

/** Every library against {@code double} arithmetic, within the documented bound. */
class MatrixProductsTest {
    private final Random random = new Random(Blocks.SEED);

    private Matrix random(int rows, int columns) {
        Matrix matrix = Matrix.allocate(rows, columns);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns; j++) {
                matrix.set(i, j, random.nextFloat() * 2 - 1);
            }
        }
        return matrix;
    }

    private void assertRight(MatrixProducts products, ProductForm form, int m, int n, int k, Into into) {
        Matrix a = form == ProductForm.TRANSPOSED_TIMES ? random(k, m) : random(m, k);
        Matrix b = form == ProductForm.TIMES_TRANSPOSED ? random(n, k) : random(k, n);
        Matrix c = random(m, n);
        Matrix before = Matrix.allocate(m, n);
        before.copyFrom(c);
        Matrix given = Matrix.allocate(b.rows(), b.columns());
        given.copyFrom(b);

        form.compute(products, a, b, c, into);

        double gamma = (k + 1) * 0x1p-24 / (1 - (k + 1) * 0x1p-24);
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                double sum = into == Into.ADD ? before.get(i, j) : 0;
                double absolute = Math.abs(sum);
                for (int p = 0; p < k; p++) {
                    double term = form.left(a, i, p) * form.right(given, p, j);
                    sum += term;
                    absolute += Math.abs(term);
                }
                assertThat(Math.abs(c.get(i, j) - sum))
                        .as("%s %s, %d x %d x %d, %s, test.seed %d", products.name(), form, m, k, n, into, Blocks.SEED)
                        .isLessThanOrEqualTo(gamma * absolute);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "openblas", "java"})
    void everyFormStaysWithinItsBound(String library) {
        int[][] shapes = {{1, 1, 1}, {2, 3, 5}, {1, 40, 7}, {40, 1, 7}, {17, 16, 15}, {33, 31, 64}, {20, 300, 140}};
        try (MatrixProducts products = MatrixProducts.open(library, "fp32")) {
            for (int[] shape : shapes) {
                for (ProductForm form : ProductForm.values()) {
                    for (Into into : Into.values()) {
                        assertRight(products, form, shape[0], shape[1], shape[2], into);
                    }
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "openblas", "java"})
    void emptyExtentsAreEmptySums(String library) {
        try (MatrixProducts products = MatrixProducts.open(library, "fp32")) {
            for (ProductForm form : ProductForm.values()) {
                for (Into into : Into.values()) {
                    assertRight(products, form, 0, 3, 2, into);
                    assertRight(products, form, 3, 0, 2, into);
                    assertRight(products, form, 3, 2, 0, into);
                }
            }
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "openblas", "java"})
    void viewsAndUnalignedBuffersServeAsWell(String library) {
        Matrix whole = random(30, 7);
        Matrix identity = Matrix.allocate(7, 7);
        for (int i = 0; i < 7; i++) {
            identity.set(i, i, 1);
        }
        Matrix result = Matrix.allocate(30, 7);
        try (MatrixProducts products = MatrixProducts.open(library, "fp32")) {
            products.times(whole.rows(11, 5), identity, result.rows(3, 5), Into.OVERWRITE);
            products.times(whole.rows(0, 1), identity, result.rows(29, 1), Into.ADD);
        }
        assertThat(result.rows(3, 5).toArray()).isEqualTo(whole.rows(11, 5).toArray());
        assertThat(result.rows(29, 1).toArray()).isEqualTo(whole.rows(0, 1).toArray());
        assertThat(result.rows(0, 3).toArray()).containsOnly(0);
        assertThat(result.rows(8, 21).toArray()).containsOnly(0);
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "openblas", "java"})
    void shapesThatDoNotFitAreRefused(String library) {
        try (MatrixProducts products = MatrixProducts.open(library, "fp32")) {
            assertThatThrownBy(() -> products.times(random(2, 3), random(4, 5), random(2, 5), Into.ADD))
                    .isInstanceOf(IllegalArgumentException.class)
                    .hasMessage("Cannot compute c = a b with a 2 x 3, b 4 x 5, c 2 x 5");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"onednn", "openblas", "java"})
    void moreShapesThanAreKeptAreServed(String library) {
        try (MatrixProducts products = MatrixProducts.open(library, "fp32")) {
            for (int n = 1; n <= 300; n++) { // oneDNN keeps 256
                assertRight(products, ProductForm.TIMES, 1, n, 2, Into.OVERWRITE);
            }
            assertRight(products, ProductForm.TIMES, 1, 1, 2, Into.OVERWRITE);
        }
    }

    @Test
    void anotherThreadGetsTheSameBits() throws InterruptedException {
        Matrix a = random(64, 64);
        Matrix here = Matrix.allocate(64, 64);
        Matrix there = Matrix.allocate(64, 64);
        AtomicReference<Throwable> failure = new AtomicReference<>();
        try (MatrixProducts products = MatrixProducts.open("auto", "fp32")) {
            products.timesTransposed(a, a, here, Into.OVERWRITE);
            Thread thread = new Thread(() -> products.timesTransposed(a, a, there, Into.OVERWRITE));
            thread.setUncaughtExceptionHandler((t, e) -> failure.set(e));
            thread.start();
            thread.join(30_000);
        }
        assertThat(failure.get()).isNull();
        assertThat(there.toArray()).isEqualTo(here.toArray());
    }

    /** Loses the last term of each sum. */
    private record DroppingProducts(MatrixProducts right) implements MatrixProducts {
        @Override
        public String name() {
            return "dropping";
        }

        @Override
        public void timesTransposed(Operand a, Operand b, Matrix c, Into into) {
            Matrix last = b.matrix();
            for (int j = 0; j < last.rows(); j++) {
                last.set(j, last.columns() - 1, 0);
            }
            right.timesTransposed(a, b, c, into);
        }

        @Override
        public void times(Operand a, Operand b, Matrix c, Into into) {
            b.matrix().rows(b.matrix().rows() - 1, 1).clear();
            right.times(a, b, c, into);
        }

        @Override
        public void transposedTimes(Operand a, Operand b, Matrix c, Into into) {
            b.matrix().rows(b.matrix().rows() - 1, 1).clear();
            right.transposedTimes(a, b, c, into);
        }

        @Override
        public void close() {
            right.close();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aDroppedTermFallsOutsideTheBound(ProductForm form) {
        try (MatrixProducts right = MatrixProducts.open("java", "fp32")) {
            assertRight(right, form, 5, 6, 500, Into.ADD);
            assertThatThrownBy(() -> assertRight(new DroppingProducts(right), form, 5, 6, 500, Into.ADD))
                    .isInstanceOf(AssertionError.class);
        }
    }
}
