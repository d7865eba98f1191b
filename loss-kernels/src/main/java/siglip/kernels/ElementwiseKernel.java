package siglip.kernels;

/**
 * The element-wise passes of both losses over one row of a tile, which lies in an array of {@code float}. An instance belongs to
 * one thread. Implementations differ in how, not in what; each computes {@code exp} and {@code log1p} by its own polynomials.
 *
 * <p><b>Accuracy.</b> {@code exp}, {@code softplus} and {@code sigmoid} of a {@code float} argument are off by at most
 * {@value #RELATIVE_ERROR} of their value, as long as that is not below {@code exp(-87)}; from {@value #LEAST_EXPONENT} on an exponential is 0.
 * The same holds of {@code exp(l) * 2^-shift}. Sums over a row are formed in {@value #FEWEST_LANES} to {@value #LANES} interleaved partial sums of {@code float}, which
 * are added as {@code double}. Same values, same bits, however often the code ran before.
 */
public interface ElementwiseKernel {
    /** Bound on the relative error of {@code exp}, {@code softplus} and {@code sigmoid}. */
    double RELATIVE_ERROR = 4e-7;

    /** From here on down an exponential is 0: the power of two in it would be 2^-127, which the exponent bits hold as 0. */
    float LEAST_EXPONENT = -88;

    /**
     * A logit counts at most as this many octaves above the shift in {@link #addExponentials(float[], int, int, float, int, float[])} and
     * {@link #softmaxGradient(float[], int, int, float, int, float, float[])}: thousands of such terms still have a sum.
     */
    int MOST_OCTAVES = 114;

    /** A logit this many octaves below the shift, or more, has the exponential 0 there. */
    int LEAST_OCTAVES = -127;

    /** Fewest partial sums of a row. */
    int FEWEST_LANES = 4;

    /** Most partial sums of a row. */
    int LANES = 16;

    /** Where {@link #sigmoid} adds the sum of the losses. */
    int LOSS = 0;

    /** Where {@link #sigmoid} adds the sum of the derivatives of the loss with respect to the logits. */
    int GRADIENT = 1;

    /** Where the sum of derivative times similarity goes. */
    int GRADIENT_BY_SIMILARITY = 2;

    /** How many sums there are. */
    int SUMS = 3;

    /** A similarity that is not above this is none: the pair takes part in nothing. */
    float LEAST_PRESENT = -1e29f;

    /** Where {@link Negatives#addPresent} adds the number of pairs that are present. */
    int PRESENT = 0;

    /** Where it adds their similarities. */
    int PRESENT_SIMILARITY = 1;

    /** How many sums it has. */
    int PRESENT_SUMS = 2;

    /** So many times the logarithm of 2. */
    static float octaves(int count) {
        return (float) (count * Math.log(2));
    }

    /** {@code scalar}, {@code vector-512}: what the numerics say of it. */
    String name();

    /**
     * Negative pairs of the sigmoid loss. With {@code l = scale * s + bias} for each similarity {@code s}, adds
     * {@code softplus(l)}, {@code sigmoid(l)} and {@code sigmoid(l) * s} to {@code sums}, and puts
     * {@code scale * sigmoid(l)}, the derivative with respect to the similarity, in the place of {@code s}.
     *
     * <p>Positive pairs are the same with {@code -scale} and {@code -bias}, and the signs of the last two sums reversed: so
     * their loss, {@code softplus(-l)}, keeps its relative accuracy however large {@code l} is.
     */
    void sigmoid(float[] values, int from, int count, float scale, float bias, double[] sums);

    /**
     * The same with two biases, that of the row and that of the column, at half the weight each. With {@code l = scale * s + rowBias} and
     * {@code k = scale * s + columnBiases[column]} for each similarity {@code s}, adds {@code (softplus(l) + softplus(k)) / 2} and
     * {@code s * (sigmoid(l) + sigmoid(k)) / 2} to {@code sums[LOSS]} and {@code sums[GRADIENT_BY_SIMILARITY]}, and puts
     * {@code scale * (sigmoid(l) + sigmoid(k)) / 2} in the place of {@code s}.
     *
     * @param column of the first similarity
     */
    void sigmoid(
            float[] values,
            int from,
            int count,
            float scale,
            float rowBias,
            float[] columnBiases,
            int column,
            double[] sums);

    /**
     * A softmax row: with {@code l = scale * s}, adds {@code exp(l) * 2^-shift} to each of {@code columnSums}. The power of two costs no
     * accuracy, so one exponential serves row and column, whatever their maxima, as long as neither leaves the range of a {@code float}.
     *
     * @return the sum over the row
     */
    double addExponentials(float[] values, int from, int count, float scale, int shift, float[] columnSums);

    /**
     * First half of a softmax row whose exponentials may leave the range of a {@code float}: multiplies similarities by {@code scale} in place and raises {@code columnMaxima}
     * (indexed from 0) to the logits that exceed them.
     *
     * @return the greatest logit
     */
    float scaleAndMax(float[] values, int from, int count, float scale, float[] columnMaxima);

    /**
     * Second half of a softmax row: adds {@code exp(l - columnMax)} to each of {@code columnSums}.
     *
     * @return the sum of {@code exp(l - rowMax)}
     */
    double addExponentials(float[] values, int from, int count, float rowMax, float[] columnMaxima, float[] columnSums);

    /**
     * Negative pairs of the softmax loss. With {@code l = scale * s} and {@code g = exp(l) * 2^-shift * (rowFactor + columnFactor)}, puts
     * {@code scale * g} in the place of {@code s}. A factor is {@code 2^shift * exp(-logSum) / 2}.
     *
     * @return the sum of {@code g * s}
     */
    double softmaxGradient(
            float[] values, int from, int count, float scale, int shift, float rowFactor, float[] columnFactors);

    /**
     * The same where factors or exponentials would leave the range of a {@code float}. With {@code l = scale * s} and
     * {@code g = (exp(l - rowLogSum) + exp(l - columnLogSum)) / 2}, puts {@code scale * g} in the place of {@code s}.
     *
     * @return the sum of {@code g * s}
     */
    double softmaxGradient(float[] values, int from, int count, float scale, float rowLogSum, float[] columnLogSums);

    /** What decides which negatives count, and what they add beside their loss. */
    Negatives negatives();

    /** Passes over a row of similarities before derivatives take their place. */
    interface Negatives {
        /**
         * Leaves each pair with probability {@code share}, the same pairs every time: those for which {@link ElementwiseKernel#uniform} of the sum of both keys is below it. Puts
         * {@code absent} in the place of the others' similarities.
         *
         * @param columnKeys indexed from 0
         */
        void keepDrawn(float[] values, int from, int count, int rowKey, int[] columnKeys, float share, float absent);

        /** Puts {@code absent} in the place of similarities below {@code least} and from {@code limit} on; what is not a number stays. */
        void keepWithin(float[] values, int from, int count, float least, float limit, float absent);

        /** Adds the number of pairs that are present, and the sum of their similarities. */
        void addPresent(float[] values, int from, int count, double[] sums);

        /**
         * Puts {@code factor * (s - target)} for each similarity that is present into {@code derivatives}, indexed from 0, and 0 for the others.
         *
         * @return the sum of {@code (s - target)^2} over those that are present
         */
        double addSquares(float[] values, int from, int count, float target, float factor, float[] derivatives);
    }

    /** A number from 0 to below 1 in steps of 2^-23: the finaliser lowbias32 of Wellons' hash-prospector. */
    static float uniform(int key) {
        int h = key;
        h ^= h >>> 16;
        h *= 0x7feb352d;
        h ^= h >>> 15;
        h *= 0x846ca68b;
        h ^= h >>> 16;
        return Float.intBitsToFloat((h >>> 9) | 0x3f800000) - 1;
    }
}
