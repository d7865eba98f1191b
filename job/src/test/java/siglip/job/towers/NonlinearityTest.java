package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class NonlinearityTest {
    private static final float[] EXTREMES = {
        -Float.MAX_VALUE,
        -1e30f,
        -200,
        -90,
        -1,
        -Float.MIN_VALUE,
        0,
        Float.MIN_VALUE,
        1,
        90,
        200,
        1e30f,
        Float.MAX_VALUE
    };

    @ParameterizedTest
    @EnumSource(Nonlinearity.class)
    void finiteInputsGiveFiniteValuesAndSlopes(Nonlinearity f) {
        float[] a = new float[EXTREMES.length];
        float[] d = ones(EXTREMES.length);

        f.apply(EXTREMES, a, a.length);
        f.backward(d, a, EXTREMES, a.length);

        for (int i = 0; i < a.length; i++) {
            assertThat(Float.isFinite(a[i])).as("value at %s", EXTREMES[i]).isTrue();
            assertThat(d[i]).as("slope at %s", EXTREMES[i]).isBetween(-0.2f, 1.2f);
        }
    }

    /** On both sides of where a series takes over, and far from it. */
    @ParameterizedTest
    @EnumSource(value = Nonlinearity.class, mode = EnumSource.Mode.EXCLUDE, names = "LEAKY_RELU")
    void valuesAreRoundedOnce(Nonlinearity f) {
        for (double size = 1e-9; size < 50; size *= 1.037) {
            for (float z : new float[] {(float) size, (float) -size}) {
                float[] a = new float[1];
                f.apply(new float[] {z}, a, 1);

                double expected = ReferenceTower.value(f, z);
                assertThat((double) a[0])
                        .as("value at %s", z)
                        .isCloseTo(expected, within(1.001 * 0x1p-24 * Math.abs(expected)));
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Nonlinearity.class)
    void notANumberGoesThrough(Nonlinearity f) {
        float[] z = {Float.NaN};
        float[] a = new float[1];

        f.apply(z, a, 1);

        assertThat(a[0]).isNaN();
    }

    /** The smallest positive activation is on, zero is off. */
    @ParameterizedTest
    @EnumSource(
            value = Nonlinearity.class,
            names = {"RELU", "LEAKY_RELU"})
    void aReluIsOnAboveZero(Nonlinearity f) {
        float[] z = {Float.MIN_VALUE, 0, -1};
        float[] a = new float[3];
        float[] d = ones(3);

        f.apply(z, a, 3);
        f.backward(d, a, z, 3);

        float off = f == Nonlinearity.RELU ? 0 : 0.01f;
        assertThat(d).containsExactly(1, off, off);
    }

    private static float[] ones(int count) {
        float[] ones = new float[count];
        Arrays.fill(ones, 1);
        return ones;
    }
}
