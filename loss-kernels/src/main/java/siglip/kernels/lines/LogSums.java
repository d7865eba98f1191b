package siglip.kernels.lines;

import java.nio.DoubleBuffer;

/**
 * For each row (or column) of the logits of a global batch, what softmax needs to know of it, gathered block by block:
 * the log-sum-exp of the negatives as a pair, a reference about as large as the largest logit and the sum of {@code exp(logit - reference)};
 * the log-sum-exp of the positives likewise, their number and the
 * sum of their logits; where that is asked for, the number of masked pairs. Keeping positives apart lets a row's loss be computed as softplus(negatives - positive), which does not cancel.
 */
public final class LogSums extends MergedLines {
    /** Doubles per row. */
    public static final int FIELDS = 6;

    /** The same where masked pairs are counted. */
    public static final int FIELDS_WITH_MASKED = 7;

    private static final int NEGATIVE_MAX = 0;
    private static final int NEGATIVE_SUM = 1; // of exp(logit - NEGATIVE_MAX)
    private static final int POSITIVE_MAX = 2;
    private static final int POSITIVE_SUM = 3;
    private static final int POSITIVES = 4;
    private static final int POSITIVE_LOGITS = 5;
    private static final int MASKED = 6;

    /** Empty rows. */
    public LogSums(int rows) {
        this(rows, FIELDS);
    }

    /** @param width {@link #FIELDS} or {@link #FIELDS_WITH_MASKED} */
    public LogSums(int rows, int width) {
        super(rows, width);
        clear();
    }

    @Override
    public void clear() {
        super.clear();
        for (int at = 0; at < fields.length; at += width()) {
            fields[at + NEGATIVE_MAX] = Double.NEGATIVE_INFINITY;
            fields[at + POSITIVE_MAX] = Double.NEGATIVE_INFINITY;
        }
    }

    @Override
    void mergeFields(int first, DoubleBuffer from) {
        for (int at = first; from.hasRemaining(); at += width()) {
            double negativeMax = from.get();
            addExponentials(at + NEGATIVE_MAX, negativeMax, from.get());
            double positiveMax = from.get();
            addExponentials(at + POSITIVE_MAX, positiveMax, from.get());
            fields[at + POSITIVES] += from.get();
            fields[at + POSITIVE_LOGITS] += from.get();
            if (width() > MASKED) {
                fields[at + MASKED] += from.get();
            }
        }
    }

    /** Adds {@code sum * exp(max)} to the pair (maximum, sum) at a place. */
    private void addExponentials(int at, double max, double sum) {
        double present = fields[at];
        if (sum == 0) {
            return;
        }
        if (max > present) {
            fields[at] = max;
            fields[at + 1] = fields[at + 1] * Math.exp(present - max) + sum;
        } else {
            fields[at + 1] += sum * Math.exp(max - present);
        }
    }

    /** Adds {@code sum * exp(max)} to the negatives of a row. */
    public void addNegatives(int row, double max, double sum) {
        addExponentials(row * width() + NEGATIVE_MAX, max, sum);
    }

    /** Adds a positive to a row. */
    public void addPositive(int row, double logit) {
        int at = row * width();
        addExponentials(at + POSITIVE_MAX, logit, 1);
        fields[at + POSITIVES]++;
        fields[at + POSITIVE_LOGITS] += logit;
    }

    /** Counts a masked pair of a row, if such are counted. */
    public void addMasked(int row) {
        if (width() > MASKED) {
            fields[row * width() + MASKED]++;
        }
    }

    /** Pairs that are neither positives nor negatives, where they are counted. */
    public double masked(int row) {
        return fields[row * width() + MASKED];
    }

    /** How many positives a row has. */
    public int positives(int row) {
        return (int) fields[row * width() + POSITIVES];
    }

    /** The log-sum-exp of a row's negatives; negative infinity if there are none. */
    public double negativeLogSum(int row) {
        return fields[row * width() + NEGATIVE_MAX] + Math.log(fields[row * width() + NEGATIVE_SUM]);
    }

    private double positiveLogSum(int row) {
        return fields[row * width() + POSITIVE_MAX] + Math.log(fields[row * width() + POSITIVE_SUM]);
    }

    /** The log-sum-exp of all pairs of a row that has a positive. */
    public double logSum(int row) {
        double positive = positiveLogSum(row);
        return positive + softplus(negativeLogSum(row) - positive);
    }

    /**
     * {@code softmax - 1/k} at one of the k positives of a row. Both parts that can be small are computed as such: what the negatives
     * take away, and the positive's lead over the other positives.
     */
    public double derivativeAtPositive(int row, double logit) {
        double k = fields[row * width() + POSITIVES];
        double positive = positiveLogSum(row);
        double share = k == 1 ? 1 : Math.exp(logit - positive); // among the positives
        double takenAway = 1 / (1 + Math.exp(positive - negativeLogSum(row)));
        return (share - 1 / k) - share * takenAway;
    }

    /** The sum over all rows of -(1/k) sum over the row's k positives of log softmax, in nats, halved: one direction's share of CLIP's loss. */
    public double loss() {
        double sum = 0;
        for (int row = 0; row < lines(); row++) {
            double k = fields[row * width() + POSITIVES];
            if (k > 0) {
                double positive = positiveLogSum(row);
                double lead = k == 1 ? 0 : positive - fields[row * width() + POSITIVE_LOGITS] / k; // at least log(k)
                sum += softplus(negativeLogSum(row) - positive) + lead;
            }
        }
        return sum / 2;
    }

    /** {@code log(1 + exp(x))}. */
    public static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }
}
