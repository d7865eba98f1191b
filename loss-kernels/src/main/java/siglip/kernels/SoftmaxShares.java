package siglip.kernels;

import java.util.Arrays;

/**
 * How log-sum-exps of rows and columns turn logits into shares of a softmax.
 *
 * @param least no more than any of them; 0 if there is none
 * @param close whether all can be factors that share a shift: no logit of a row or column with a target exceeds its log-sum-exp
 * @param shift the shift: then factors are at most 1, and less is lost where an exponential is 0 than by subtracting
 */
record SoftmaxShares(double least, boolean close, int shift) {
    /** Log-sum-exps that lie closer together share a shift in the second pass. */
    private static final double WIDEST = 75;

    private static final double LN_2 = Math.log(2);

    static SoftmaxShares of(double[] rows, int height, double[] columns, int width) {
        double least = Math.min(least(rows, height), least(columns, width));
        double most = Math.max(most(rows, height), most(columns, width));
        if (least == Double.POSITIVE_INFINITY) {
            return new SoftmaxShares(0, true, 0);
        }
        return new SoftmaxShares(least, most - least < WIDEST, (int) Math.floor(least / LN_2));
    }

    private static double least(double[] sums, int count) {
        return Arrays.stream(sums, 0, count).min().orElse(Double.POSITIVE_INFINITY);
    }

    private static double most(double[] sums, int count) {
        return Arrays.stream(sums, 0, count)
                .filter(sum -> sum < Double.POSITIVE_INFINITY)
                .max()
                .orElse(Double.NEGATIVE_INFINITY);
    }

    /** Factors, or log-sum-exps as {@code float}. */
    void load(double[] sums, int from, int count, float[] into) {
        for (int i = 0; i < count; i++) {
            double sum = sums[from + i];
            into[i] = (float) (close ? 0.5 * Math.exp(shift * LN_2 - sum) : Math.min(sum, Float.MAX_VALUE));
        }
    }
}
