package siglip.kernels.lines;

import java.util.Arrays;

/**
 * The bias at which the sigmoid loss of a global batch is least: where the probabilities of its negatives add up to what those of its
 * positives lack of 1,
 *
 * <pre>{@code
 * sum over negatives of sigmoid(t s + b) = sum over positives of sigmoid(-(t s + b))
 * }</pre>
 *
 * <p>The left side rises with b from 0, the right side falls to 0, so there is exactly one such b as soon as there is a negative, and to
 * move all logits by a constant moves it by the opposite.
 *
 * <p><b>Error.</b> All pairs of a bin of the {@link SimilarityHistogram} get their mean similarity. That is exact to the first order; what
 * remains is at most {@code |sigmoid''| / 2} times the variance in the bin, hence at most {@code (t 2^-12)^2 / 8} of the slope of each side: b is
 * off by no more than that (7e-7 at t = 10, 7e-5 at t = 100), a few parts in a hundred aside, if embeddings have length 1. Similarities of negatives are rounded to steps
 * of {@code 2^-21}: by that it moves {@code t 2^-22} at worst, and where many are added up next to nothing. Everything else is {@code double}, so that ranks with the same histogram and scale have the same b to the last bit.
 */
public final class SolvedBias {
    private static final int MOST_STEPS = 200;

    private final double[] logits = new double[SimilarityHistogram.LINES]; // of lines with pairs, negatives first
    private final double[] counts = new double[SimilarityHistogram.LINES];
    private int negatives; // lines
    private int lines;

    /**
     * The bias for a whole batch.
     *
     * @param scale t
     * @param otherwise what to give if there are no negatives, or no positives, and the loss has no minimum
     * @return not a number if one of the similarities is none
     */
    public double of(SimilarityHistogram histogram, double scale, double otherwise) {
        load(histogram, scale);
        if (negatives == 0 || negatives == lines) {
            return otherwise;
        }
        double least = -Arrays.stream(logits, 0, lines).max().getAsDouble();
        double most = -Arrays.stream(logits, 0, lines).min().getAsDouble();
        if (Double.isNaN(least)) {
            return least;
        }
        double spread = Math.abs(Math.log(sum(counts, 0, negatives)) - Math.log(sum(counts, negatives, lines))) + 1;
        return root(least - spread, most + spread);
    }

    private void load(SimilarityHistogram histogram, double scale) {
        lines = 0;
        for (int line = 0; line < SimilarityHistogram.LINES; line++) {
            if (line == SimilarityHistogram.BINS) {
                negatives = lines;
            }
            if (histogram.count(line) > 0) {
                logits[lines] = scale * histogram.mean(line);
                counts[lines++] = histogram.count(line);
            }
        }
    }

    private static double sum(double[] values, int from, int to) {
        return Arrays.stream(values, from, to).sum();
    }

    /**
     * Newton's steps on the logarithms of both sides, whose difference is nearly straight; where one would leave the bracket, the middle of
     * it. The difference of the sides themselves is the sum of all probabilities less the number of positives: whole numbers are counted apart, so that
     * it keeps its digits also where most probabilities are 0 and 1 but for little.
     */
    private double root(double from, double to) {
        double least = from;
        double most = to;
        double b = (least + most) / 2;
        for (int step = 0; step < MOST_STEPS; step++) {
            double left = 0;
            double right = 0;
            double leftSlope = 0;
            double rightSlope = 0;
            double whole = 0;
            double rest = 0;
            for (int i = 0; i < lines; i++) {
                double l = logits[i] + b;
                double e = Math.exp(-Math.abs(l));
                double large = counts[i] / (1 + e);
                double small = e * large;
                rest += l < 0 ? small : -small;
                if (i < negatives) {
                    whole += l < 0 ? 0 : counts[i];
                    left += l < 0 ? small : large;
                    leftSlope += small / (1 + e);
                } else {
                    whole -= l < 0 ? counts[i] : 0;
                    right += l < 0 ? large : small;
                    rightSlope += small / (1 + e);
                }
            }
            double difference = whole + rest;
            if (difference < 0) {
                least = b;
            } else {
                most = b;
            }
            double next = b - Math.log1p(difference / right) / (leftSlope / left + rightSlope / right);
            if (!(next > least && next < most)) {
                next = (least + most) / 2;
            }
            if (Math.abs(next - b) <= 0x1p-44 * (1 + Math.abs(b))) {
                return next;
            }
            b = next;
        }
        return b;
    }

    /** What an instance holds. */
    public static long bytes() {
        return 2L * Double.BYTES * SimilarityHistogram.LINES;
    }
}
