package siglip.job.stability;

import java.util.Arrays;
import java.util.function.IntToDoubleFunction;
import org.apache.commons.math3.distribution.TDistribution;

/**
 * 95 % intervals of what is computed of K independent batches, by leaving each of them out in turn.
 *
 * <pre>{@code
 * interval = value ± t(0.975, K - 1) sqrt((K - 1) / K * sum_k (without_k - mean of without)^2)
 * }</pre>
 *
 * <p>For a mean this is Student's interval. For |G|^2 it is somewhat too wide where noise is all there is, since a square is no sum (Efron and Stein
 * 1981: the jackknife's variance is never too small on average).
 */
public final class Jackknife {
    private static final double UPPER = 0.975;

    private Jackknife() {}

    /**
     * @param value of all batches
     * @param batches K, at least 2
     * @param without the same of all batches but one
     */
    public static Estimate interval(double value, int batches, IntToDoubleFunction without) {
        double[] left = new double[batches];
        Arrays.setAll(left, without);
        double mean = mean(left);
        double squares = 0;
        for (double each : left) {
            squares += (each - mean) * (each - mean);
        }
        double half = new TDistribution(batches - 1).inverseCumulativeProbability(UPPER)
                * Math.sqrt(squares * (batches - 1) / batches);
        return new Estimate(value, value - half, value + half);
    }

    /** The mean of one value a batch. */
    public static Estimate ofMean(double... values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        double total = sum;
        return interval(mean(values), values.length, k -> (total - values[k]) / (values.length - 1));
    }

    private static double mean(double... values) {
        double sum = 0;
        for (double value : values) {
            sum += value;
        }
        return sum / values.length;
    }
}
