package siglip.job.stability;

/**
 * A figure of a sample with its 95 % interval. Where the ends are NaN, or the interval reaches into what the figure cannot be, the sample was too
 * small to tell.
 */
public record Estimate(double value, double low, double high) {
    /** That nothing can be said. */
    public static final Estimate NONE = new Estimate(Double.NaN, Double.NaN, Double.NaN);

    /** Whether the sample shows that the figure is above 0. */
    public boolean isPositive() {
        return low > 0;
    }

    /** The figure {@code factor / this}, for a positive factor; {@link #NONE} unless this is positive. */
    public Estimate inverse(double factor) {
        return isPositive() ? new Estimate(factor / value, factor / high, factor / low) : NONE;
    }

    /** With ends that are moved into a range. */
    public Estimate within(double least, double most) {
        return new Estimate(value, Math.max(least, low), Math.min(most, high));
    }
}
