package siglip.job.frozen;

/**
 * Looks for the bias at which a mean loss is least, one evaluation at a time. The gradient with respect to b of a sigmoid loss rises with b, from -1 where
 * all pairs count as negatives, and in proportion to e^b where negatives rule: a secant through log(1 + gradient) is nearly straight, and starts with slope 1.
 */
final class BiasFit {
    /** A bias whose gradient is this near 0 is right to about as much: the slope there is of the order of 1. */
    static final double TOLERANCE = 1e-4;

    static final int MOST_STEPS = 40;

    private static final double LONGEST = 8;

    private double bias;
    private double tooLow = Double.NEGATIVE_INFINITY;
    private double tooHigh = Double.POSITIVE_INFINITY;
    private double slope = 1;
    private double before = Double.NaN;
    private double moved;
    private double best;
    private double bestGradient = Double.POSITIVE_INFINITY;

    BiasFit(double start) {
        bias = start;
        best = start;
    }

    /** Starts where another has come to, with the slope that it found: for a loss that is nearly the same. */
    BiasFit(BiasFit other) {
        this(other.best);
        slope = other.slope;
    }

    /** Where to evaluate next. */
    double next() {
        return bias;
    }

    /** The bias with the smallest gradient yet. */
    double best() {
        return best;
    }

    boolean isDone() {
        return Math.abs(bestGradient) <= TOLERANCE;
    }

    /** Takes the gradient with respect to b at {@link #next}. */
    void take(double gradient) {
        if (Math.abs(gradient) < Math.abs(bestGradient)) {
            best = bias;
            bestGradient = gradient;
        }
        if (gradient > 0) {
            tooHigh = bias;
        } else {
            tooLow = bias;
        }
        double height = gradient > -1 ? Math.log1p(gradient) : -LONGEST; // positives of more weight pull below -1
        double risen = (height - before) / moved;
        if (risen > 1e-3) { // not at the first, nor where rounding is all that is left
            slope = risen;
        }
        before = height;
        double step = Math.max(-LONGEST, Math.min(LONGEST, -height / slope));
        double next = bias + step;
        if (next <= tooLow || next >= tooHigh) {
            next = (tooLow + tooHigh) / 2;
        }
        moved = next - bias;
        bias = next;
    }
}
