package siglip.job.stability;

import java.util.Arrays;

/**
 * The second derivative of the expected loss along a unit vector d, from the gradients of the same K batches at three points:
 *
 * <pre>{@code
 * central  = (g(p + e d) - g(p - e d)).d / (2 e)
 * forward  = (g(p + e d) - g(p)).d / e
 * backward = (g(p) - g(p - e d)).d / e
 * }</pre>
 *
 * <p><b>Accuracy.</b> The central difference is off by e^2 / 6 times the fourth derivative, and by the rounding of the gradients over e: with the unit
 * roundoff u of float32, both are small in proportion for e near u^(1/3) = 2^-8 times the length over which the curvature itself changes. That length is
 * where the loss (or, along the gradient of the logits, a logit) has changed by about one: {@link #step}. If forward and backward differ by
 * much, the curvature changes within the step.
 *
 * @param step e
 * @param central with the interval of a mean over batches
 */
public record Curvature(double step, Estimate central, double forward, double backward) {
    /** Cube root of 2^-24. */
    private static final double CHANGE = 0x1p-8;

    /**
     * How far to go along the direction of a gradient.
     *
     * @param slope length of the gradient, in nats or logits per unit: one step changes them by 2^-8
     * @param size length of the parameters, of which a step is never more than that share
     */
    public static double step(double slope, double size) {
        double most = CHANGE * Math.max(size, Float.MIN_NORMAL);
        return slope > 0 ? Math.min(CHANGE / slope, most) : most;
    }

    /** Of the component along d of each batch's gradient, at the three points. */
    public static Curvature of(double step, double[] before, double[] here, double[] after) {
        double[] central = new double[here.length];
        Arrays.setAll(central, k -> (after[k] - before[k]) / (2 * step));
        return new Curvature(
                step, Jackknife.ofMean(central), (mean(after) - mean(here)) / step, (mean(here) - mean(before)) / step);
    }

    private static double mean(double... values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }
}
