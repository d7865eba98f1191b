package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.math.BigDecimal;
import java.math.MathContext;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class FeatureScalingTest {
    @Test
    void featuresFurtherApartThanTheLargestFloatAreStillNumbers() {
        ExactMoments moments = new ExactMoments(1);
        for (int row = 0; row < 10; row++) {
            moments.add(new float[] {row == 0 ? -3.4e38f : 3.4e38f});
        }
        float[] far = {-3.4e38f};

        moments.scaling().apply(far);

        assertThat(far[0]).isCloseTo(-3, within(1e-5f)); // three deviations from the mean
    }

    private static final int ROWS = 1000;
    private static final long SEED = Long.getLong("test.seed", 1);

    /** An offset of 1e7, the largest and the smallest magnitudes, both signs, zeros, the ends of float, a constant. */
    private static List<float[]> rows() {
        Random random = new Random(SEED);
        List<float[]> rows = new ArrayList<>();
        for (int i = 0; i < ROWS; i++) {
            float g = (float) random.nextGaussian();
            rows.add(new float[] {
                1e7f + 30 * g,
                1e-6f * g,
                -1e6f * g,
                i % 10 == 0 ? g : 0,
                Float.MAX_VALUE / 8 * g,
                Float.MIN_NORMAL * i,
                -0.3f
            });
        }
        return rows;
    }

    private static FeatureScaling of(FeatureMoments moments, List<float[]> rows) {
        rows.forEach(moments::add);
        return moments.scaling();
    }

    @Test
    void meansAndDeviationsAreThoseOfExactArithmetic() {
        List<float[]> rows = rows();
        FeatureScaling scaling = of(new ExactMoments(7), rows);

        for (int feature = 0; feature < 7; feature++) {
            BigDecimal sum = BigDecimal.ZERO;
            for (float[] row : rows) {
                sum = sum.add(new BigDecimal(row[feature]));
            }
            BigDecimal mean = sum.divide(BigDecimal.valueOf(ROWS), new MathContext(400));
            BigDecimal squares = BigDecimal.ZERO;
            for (float[] row : rows) {
                squares =
                        squares.add(new BigDecimal(row[feature]).subtract(mean).pow(2));
            }
            double deviation = squares.divide(BigDecimal.valueOf(ROWS), new MathContext(400))
                    .sqrt(new MathContext(40))
                    .doubleValue();
            assertThat(scaling.mean()[feature])
                    .as("mean %d", feature)
                    .isCloseTo(mean.doubleValue(), within(2 * Math.ulp(mean.doubleValue())));
            assertThat(scaling.divisor()[feature])
                    .as("deviation %d", feature)
                    .isCloseTo(deviation, within(4 * Math.ulp(deviation)));
        }
        assertThat(scaling.constant()).containsExactly(6);
    }

    @Test
    void theOrderOfRowsAndTheirPartsChangeNoBit() {
        List<float[]> rows = rows();
        FeatureScaling one = of(new ExactMoments(7), rows);

        Collections.shuffle(rows, new Random(SEED));
        ExactMoments whole = new ExactMoments(7);
        for (int from = 0; from < ROWS; from += 90) {
            ExactMoments part = new ExactMoments(7);
            rows.subList(from, Math.min(ROWS, from + 90)).forEach(part::add);
            part.add(new ExactMoments(7));
            whole.add(part);
        }

        assertThat(whole.scaling()).isEqualTo(one);
    }

    @Test
    void scaledFeaturesHaveMeanZeroAndDeviationOneWhateverTheirUnit() {
        List<float[]> rows = rows();
        FeatureScaling scaling = of(new ExactMoments(7), rows);
        double[] sum = new double[7];
        double[] squares = new double[7];
        for (float[] row : rows) {
            scaling.apply(row);
            for (int i = 0; i < 7; i++) {
                sum[i] += row[i];
                squares[i] += (double) row[i] * row[i];
            }
        }

        for (int i = 0; i < 6; i++) {
            assertThat(sum[i] / ROWS).as("mean %d", i).isCloseTo(0, within(1e-6));
            assertThat(squares[i] / ROWS).as("variance %d", i).isCloseTo(1, within(1e-6));
        }
        assertThat(squares[6]).as("constant").isEqualTo(0);
    }

    @Test
    void aConstantFeatureIsZeroAlsoInRowsWhereItIsNot() {
        FeatureScaling scaling = of(new ExactMoments(2), List.of(new float[] {3, 1}, new float[] {3, 2}));
        float[] other = {4, 2};

        scaling.apply(other);

        assertThat(other).containsExactly(0, 1);
    }

    @Test
    void featuresThatNeverOrHardlyVaryAreNamed() {
        PairScaling scaling = new PairScaling(
                of(new ExactMoments(3), List.of(new float[] {1e7f, 1, 5}, new float[] {1e7f + 1, 2, 5})),
                FeatureScaling.UNIT);

        assertThat(scaling.remarks())
                .containsOnlyKeys("constant image features", "nearly constant image features")
                .containsEntry(
                        "constant image features",
                        "1 of 3 are the same in all training rows and become 0: number 2 (from 0)");
        assertThat(scaling.remarks().get("nearly constant image features")).contains("1 of 3", ": number 0 (from 0)");
    }

    @Test
    void unitBringsEachRowToLengthOne() {
        float[] row = {3e30f, -4e30f};
        FeatureScaling.UNIT.apply(row);
        assertThat(row).usingComparatorWithPrecision(1e-7f).containsExactly(0.6f, -0.8f);

        float[] zeros = {0, 0};
        FeatureScaling.UNIT.apply(zeros);
        assertThat(zeros).containsExactly(0, 0);
    }

    @Test
    void pictureFeaturesKeepTheFloorOfTheirDivisor() {
        FeatureScaling scaling = of(new UnitMoments(1), List.of(new float[] {0.5f}, new float[] {0.5f}));

        assertThat(scaling.divisor()).containsExactly(0.001f);
        assertThat(scaling.constant()).isEmpty();
    }

    @Test
    void rowsOfAnotherWidthAreRefused() {
        FeatureScaling scaling = of(new ExactMoments(2), List.of(new float[] {3, 1}));

        assertThatThrownBy(() -> scaling.apply(new float[3])).hasMessageContaining("Cannot scale 3 features");
    }
}
