package siglip.job.stability;

import java.util.Arrays;
import org.apache.commons.math3.distribution.BetaDistribution;

/** Plain statistics over the steps of a run. */
public final class Statistics {
    /** Rolling mean and deviation of a spike reach back this far, at most: as in OLMo 2. */
    static final int LONGEST_WINDOW = 1000;

    /** The least number of earlier values that say anything about the next one. */
    public static final int SHORTEST_WINDOW = 20;

    /** How many standard deviations from the rolling mean make a spike. */
    static final double SPIKE_DEVIATIONS = 7;

    private Statistics() {}

    /** The median of the finite values; NaN if there is none. */
    public static double median(double... values) {
        double[] sorted =
                Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
        if (sorted.length == 0) {
            return Double.NaN;
        }
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }

    /** Linear between the finite values, sorted: 0 is the least, 0.5 the median, 1 the largest; NaN if there is none. */
    public static double quantile(double share, double... values) {
        double[] sorted =
                Arrays.stream(values).filter(Double::isFinite).sorted().toArray();
        return quantileOfSorted(share, sorted);
    }

    /** The same of finite values that are sorted. */
    static double quantileOfSorted(double share, double... sorted) {
        if (sorted.length == 0) {
            return Double.NaN;
        }
        double place = share * (sorted.length - 1);
        int below = (int) place;
        int above = Math.min(below + 1, sorted.length - 1);
        return sorted[below] + (place - below) * (sorted[above] - sorted[below]);
    }

    /** The largest; infinite if any value is not finite, and NaN if there is none. */
    public static double max(double... values) {
        if (!Arrays.stream(values).allMatch(Double::isFinite)) {
            return Double.POSITIVE_INFINITY;
        }
        return Arrays.stream(values).max().orElse(Double.NaN);
    }

    /** The mean of the last {@code count} values; NaN if there is none, or one is not finite. */
    public static double meanOfLast(int count, double... values) {
        double mean = Arrays.stream(values, Math.max(0, values.length - count), values.length)
                .average()
                .orElse(Double.NaN);
        return Double.isFinite(mean) ? mean : Double.NaN;
    }

    /**
     * How far {@link #spikes} looks back in a run of this many steps: a quarter of the run, from {@value #SHORTEST_WINDOW} to
     * {@value #LONGEST_WINDOW}.
     */
    public static int spikeWindow(int steps) {
        return Math.max(SHORTEST_WINDOW, Math.min(LONGEST_WINDOW, steps / 4));
    }

    /**
     * Counts the values at least {@value #SPIKE_DEVIATIONS} standard deviations away from the mean of the (up to)
     * {@code window} finite values before them. The first {@value #SHORTEST_WINDOW} values are not judged.
     *
     * @return NaN if there is no value to judge
     * @see <a href="https://arxiv.org/abs/2501.00656">OLMo 2</a>, section 3.2, where the window is 1,000 and the result a share
     */
    public static double spikes(int window, double... values) {
        double[] finite = Arrays.stream(values).filter(Double::isFinite).toArray();
        if (finite.length <= SHORTEST_WINDOW) {
            return Double.NaN;
        }
        int spikes = 0;
        for (int i = SHORTEST_WINDOW; i < finite.length; i++) {
            int from = Math.max(0, i - window);
            double mean = 0;
            for (int j = from; j < i; j++) {
                mean += finite[j];
            }
            mean /= i - from;
            double squares = 0;
            for (int j = from; j < i; j++) {
                squares += (finite[j] - mean) * (finite[j] - mean);
            }
            double deviation = Math.sqrt(squares / (i - from));
            double distance = Math.abs(finite[i] - mean);
            if (distance > 0 && distance >= SPIKE_DEVIATIONS * deviation) {
                spikes++;
            }
        }
        return spikes;
    }

    /** NaN without values. */
    public static double mean(double... values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }

    /** Standard error of the mean of independent values, from their deviation; NaN of fewer than two. */
    public static double standardErrorOfMean(double... values) {
        double mean = mean(values);
        double squares = Arrays.stream(values)
                .map(value -> (value - mean) * (value - mean))
                .sum();
        return values.length < 2 ? Double.NaN : Math.sqrt(squares / (values.length - 1.0) / values.length);
    }

    /**
     * The lower end of the two-sided interval of Clopper and Pearson for a share that was counted over independent queries, rounded to a whole number
     * of them; 0 without queries.
     *
     * @param confidence of the interval, such as 0.99
     */
    public static double leastShare(double share, int queries, double confidence) {
        int hits = (int) Math.round(share * queries);
        return hits <= 0
                ? 0
                : new BetaDistribution(hits, queries - hits + 1.0).inverseCumulativeProbability((1 - confidence) / 2);
    }

    /** Standard error of a share that was counted over independent queries; NaN without queries. */
    public static double standardError(double share, int queries) {
        return queries > 0 ? Math.sqrt(share * (1 - share) / queries) : Double.NaN;
    }
}
