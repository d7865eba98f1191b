package siglip.job.stability;

import org.apache.commons.math3.distribution.TDistribution;

/**
 * How many times as wide one set of values is spread as another, where they were measured in pairs.
 *
 * <pre>{@code
 * ratio^2 = s_x^2 / s_y^2 (k ± sqrt(k^2 - 1))      k = 1 + 2 (1 - r^2) t(0.975, n - 2)^2 / (n - 2)
 * }</pre>
 *
 * <p>The test is that of Pitman (1939) and Morgan (1939): x + y and x - y are uncorrelated if both have the same variance. It holds for pairs that are Gaussian.
 *
 * @param ratio of the standard deviations with its 95 % interval; {@link Estimate#NONE} of fewer than three pairs, or if a set does not vary
 * @param p of the two-sided test that the ratio is 1; 1 where nothing can be tested
 */
public record SpreadRatio(Estimate ratio, double p) {
    private static final double UPPER = 0.975;

    /** @param x finite, and as many as {@code y} */
    public static SpreadRatio of(double[] x, double[] y) {
        int n = x.length;
        double squaresX = products(x, x);
        double squaresY = products(y, y);
        if (n < 3 || !varies(squaresX, x) || !varies(squaresY, y)) {
            return new SpreadRatio(Estimate.NONE, 1);
        }
        double r2 = Math.min(1, Math.pow(products(x, y), 2) / (squaresX * squaresY));
        TDistribution student = new TDistribution(n - 2.0);
        double t = student.inverseCumulativeProbability(UPPER);
        double k = 1 + 2 * (1 - r2) * t * t / (n - 2);
        double widening = k + Math.sqrt(k * k - 1);
        double square = squaresX / squaresY;
        double statistic = (squaresX - squaresY) * Math.sqrt(n - 2.0) / (2 * Math.sqrt(squaresX * squaresY * (1 - r2)));
        return new SpreadRatio(
                new Estimate(Math.sqrt(square), Math.sqrt(square / widening), Math.sqrt(square * widening)),
                Math.abs(squaresX - squaresY) <= StudentMean.ROUNDING * (squaresX + squaresY)
                        ? 1
                        : 2 * student.cumulativeProbability(-Math.abs(statistic)));
    }

    /** By more than rounding. */
    private static boolean varies(double squares, double... values) {
        double rounding = StudentMean.ROUNDING * Statistics.mean(values);
        return squares > rounding * rounding * values.length;
    }

    private static double products(double[] x, double[] y) {
        double meanX = Statistics.mean(x);
        double meanY = Statistics.mean(y);
        double sum = 0;
        for (int i = 0; i < x.length; i++) {
            sum += (x[i] - meanX) * (y[i] - meanY);
        }
        return sum;
    }
}
