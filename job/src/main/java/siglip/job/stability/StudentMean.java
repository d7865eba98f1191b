package siglip.job.stability;

import org.apache.commons.math3.distribution.TDistribution;

/**
 * The mean of a few values with its interval: of an arm's figure over seeds, or of differences that were measured in pairs, such as those of two arms with the same seeds.
 *
 * <pre>{@code
 * interval = mean ± t(0.975, n - 1) s / sqrt(n)      s = deviation of the differences
 * }</pre>
 *
 * <p>The interval is Student's, and holds where the differences of seeds are about Gaussian. If all differences are the same but not 0, they have no deviation and the interval has no width,
 * which five equal counts do not bear out: p is then that of the sign test, 2^(1 - n).
 *
 * @param pairs n
 * @param mean with its 95 % interval; the ends are NaN of fewer than two pairs
 * @param p of the two-sided test that the mean is 0; 1 where nothing can be tested
 * @param standardError of the mean; NaN of fewer than two pairs
 */
public record StudentMean(int pairs, Estimate mean, double p, double standardError) {
    private static final double UPPER = 0.975;

    /** Differences that are closer than this to their mean are the same: the rest is what doubles leave. */
    static final double ROUNDING = 1e-9;

    /** @param differences finite, one a pair */
    public static StudentMean of(double... differences) {
        int n = differences.length;
        double mean = Statistics.mean(differences);
        if (n < 2) {
            return new StudentMean(n, new Estimate(mean, Double.NaN, Double.NaN), 1, Double.NaN);
        }
        double measured = Statistics.standardErrorOfMean(differences);
        double error = measured > ROUNDING * Math.abs(mean) ? measured : 0;
        TDistribution student = new TDistribution(n - 1);
        double half = student.inverseCumulativeProbability(UPPER) * error;
        double p;
        if (error > 0) {
            p = 2 * student.cumulativeProbability(-Math.abs(mean) / error);
        } else {
            p = mean == 0 ? 1 : Math.pow(2, 1 - n);
        }
        return new StudentMean(n, new Estimate(mean, mean - half, mean + half), p, error);
    }

    /**
     * Whether the mean is closer to 0 than a margin, by two one-sided t tests at 5 % each (Schuirmann 1987): the 90 % interval lies within the margin.
     *
     * @param margin above 0, stated before the values were seen
     */
    public boolean isWithin(double margin) {
        if (!(standardError > 0)) { // equal values say nothing of how others would differ
            return false;
        }
        double half = new TDistribution(pairs - 1).inverseCumulativeProbability(1 - Significance.LEVEL) * standardError;
        return Math.abs(mean.value()) + half < margin;
    }
}
