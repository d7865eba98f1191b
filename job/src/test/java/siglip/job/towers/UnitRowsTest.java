package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.kernels.blas.Matrix;

/** {@link UnitRows} against the formulas in {@code double}, within the bounds that it promises. */
class UnitRowsTest {
    private static final double U = 0x1p-24;
    private static final double SECOND_ORDER = 1.001;
    private static final int ROWS = 3;

    private final Random random = new Random(Cases.SEED);

    private Matrix rows(int width, double size) {
        Matrix matrix = Matrix.allocate(ROWS, width);
        for (int i = 0; i < matrix.size(); i++) {
            matrix.set(i / width, i % width, (float) (size * random.nextGaussian()));
        }
        return matrix;
    }

    private static double dot(Matrix a, Matrix b, int row) {
        return IntStream.range(0, a.columns())
                .mapToDouble(k -> (double) a.get(row, k) * b.get(row, k))
                .sum();
    }

    /** Products of the largest overflow a float. */
    @ParameterizedTest
    @CsvSource({"1e-10, 1", "1e-10, 1e-15", "1, 1", "1, 1e-25", "1e15, 1", "1e25, 1", "1e24, 1e3"})
    void keepsItsBounds(double size, double gradientSize) {
        for (int width : new int[] {1, 7, 8, 13, 512}) {
            UnitRows unit = new UnitRows(ROWS, width);
            Matrix y = rows(width, size);
            Matrix de = rows(width, gradientSize);
            Matrix e = Matrix.allocate(ROWS, width);
            Matrix dy = Matrix.allocate(ROWS, width);
            unit.forward(y, e);
            unit.backward(y, de, dy);
            for (int i = 0; i < ROWS; i++) {
                double norm = Math.sqrt(dot(y, y, i));
                double along = dot(y, de, i) / norm;
                double length = Math.sqrt(dot(de, de, i));
                for (int k = 0; k < width; k++) {
                    double unitValue = y.get(i, k) / norm;
                    check("e", width, e.get(i, k), unitValue, 4 * Math.abs(unitValue));
                    check(
                            "dy",
                            width,
                            dy.get(i, k),
                            (de.get(i, k) - unitValue * along) / norm,
                            (5 * Math.abs(de.get(i, k)) + 15 * Math.abs(unitValue) * length) / norm);
                }
            }
        }
    }

    private static void check(String what, int width, double actual, double expected, double bound) {
        assertThat(actual)
                .as("%s, width %d, test.seed %d", what, width, Cases.SEED)
                .isCloseTo(expected, within(SECOND_ORDER * U * bound));
    }

    @Test
    void rowsWithoutDirectionBecomeZerosAndPassNothingBack() {
        UnitRows unit = new UnitRows(ROWS, 4);
        Matrix y = Matrix.allocate(ROWS, 4);
        y.set(1, 2, 1e-13f);
        y.set(2, 2, 2e-12f);
        Matrix e = rows(4, 1);
        Matrix dy = rows(4, 1);
        unit.forward(y, e);
        unit.backward(y, rows(4, 1), dy);
        for (int k = 0; k < 4; k++) {
            assertThat(e.get(0, k)).isZero();
            assertThat(e.get(1, k)).isZero();
            assertThat(e.get(2, k)).isEqualTo(k == 2 ? 1f : 0f);
            assertThat(dy.get(0, k)).isZero();
            assertThat(dy.get(1, k)).isZero();
        }
    }

    @ParameterizedTest
    @ValueSource(floats = {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY})
    void whatIsNoNumberShows(float value) {
        UnitRows unit = new UnitRows(ROWS, 9);
        Matrix y = rows(9, 1);
        y.set(1, 8, value);
        Matrix e = Matrix.allocate(ROWS, 9);
        unit.forward(y, e);
        assertThat(e.get(1, 8)).isNaN();
        assertThat(e.get(0, 8)).isFinite();
    }
}
