package siglip.job.features;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.MathContext;

/**
 * Sums finite floats and their squares without any rounding: a float is a whole number of 2^-149, its square one of 2^-298, and such sums are kept as
 * digits of 32 bits, in a {@code long} each, so that carries can wait. An offset of 1e7 takes nothing from the deviation, and columns of 1e-6
 * and of 1e6 are treated alike. 216 bytes a feature.
 *
 * <p>The mean is right to the last bit of a {@code double} but one, and so is the deviation. It is 0 if and only if all values are the same.
 *
 * @see <a href="https://doi.org/10.1007/BF01397083">Kulisch and Miranker 1986</a>, on long accumulators
 */
public final class ExactMoments implements FeatureMoments {
    private static final long serialVersionUID = 1L;
    private static final int BITS = 32;
    private static final long MASK = (1L << BITS) - 1;
    private static final int LOWEST = -149; // exponent of the smallest float
    private static final int SUM_DIGITS = 9;
    private static final int SQUARE_DIGITS = 18;
    private static final int CARRY_EVERY = 1 << 28; // rows; a row adds less than 2^33 to a digit

    private final int width;
    private final long[] sums;
    private final long[] squares;
    private long rows;

    public ExactMoments(int width) {
        this.width = width;
        sums = new long[width * SUM_DIGITS];
        squares = new long[width * SQUARE_DIGITS];
    }

    @Override
    public void add(float[] features) {
        for (int i = 0; i < width; i++) {
            add(i, Float.floatToRawIntBits(features[i]));
        }
        rows++;
        if (rows % CARRY_EVERY == 0) {
            carry();
        }
    }

    private void add(int feature, int bits) {
        int exponent = (bits >>> 23) & 255;
        long mantissa = (bits & 0x7fffff) | (exponent == 0 ? 0 : 1 << 23);
        int position = Math.max(exponent, 1) - 1;

        long shifted = mantissa << (position % BITS); // less than 2^55
        int at = feature * SUM_DIGITS + position / BITS;
        int sign = bits < 0 ? -1 : 1;
        sums[at] += sign * (shifted & MASK);
        sums[at + 1] += sign * (shifted >>> BITS);

        long square = mantissa * mantissa; // less than 2^48
        int shift = 2 * position % BITS;
        long low = (square & MASK) << shift;
        long high = (square >>> BITS) << shift;
        at = feature * SQUARE_DIGITS + 2 * position / BITS;
        squares[at] += low & MASK;
        squares[at + 1] += (low >>> BITS) + (high & MASK);
        squares[at + 2] += high >>> BITS;
    }

    @Override
    public void add(FeatureMoments other) {
        ExactMoments more = (ExactMoments) other;
        carry();
        more.carry();
        for (int i = 0; i < sums.length; i++) {
            sums[i] += more.sums[i];
        }
        for (int i = 0; i < squares.length; i++) {
            squares[i] += more.squares[i];
        }
        rows += more.rows;
    }

    /** Leaves all digits from 0 to 2^32 - 1 but the highest, which has the sign. */
    private void carry() {
        carry(sums, SUM_DIGITS);
        carry(squares, SQUARE_DIGITS);
    }

    private static void carry(long[] digits, int each) {
        for (int i = 0; i < digits.length; i++) {
            if (i % each != each - 1) {
                digits[i + 1] += digits[i] >> BITS;
                digits[i] &= MASK;
            }
        }
    }

    /** Means and deviations; of a feature that is the same in all rows, the divisor is 0. */
    @Override
    public FeatureScaling scaling() {
        if (rows == 0) {
            return FeatureScaling.NONE;
        }
        BigInteger n = BigInteger.valueOf(rows);
        double[] mean = new double[width];
        double[] deviation = new double[width];
        for (int i = 0; i < width; i++) {
            BigInteger sum = whole(sums, i * SUM_DIGITS, SUM_DIGITS);
            BigInteger square = whole(squares, i * SQUARE_DIGITS, SQUARE_DIGITS);
            BigDecimal units = new BigDecimal(sum).divide(new BigDecimal(n), MathContext.DECIMAL128);
            mean[i] = Math.scalb(units.doubleValue(), LOWEST);
            BigInteger spread = square.multiply(n).subtract(sum.multiply(sum)); // n^2 times the variance
            deviation[i] = Math.scalb(Math.sqrt(spread.doubleValue()), LOWEST) / rows;
        }
        return FeatureScaling.standardise(mean, deviation);
    }

    private static BigInteger whole(long[] digits, int from, int count) {
        BigInteger value = BigInteger.ZERO;
        for (int i = from + count - 1; i >= from; i--) {
            value = value.shiftLeft(BITS).add(BigInteger.valueOf(digits[i]));
        }
        return value;
    }
}
