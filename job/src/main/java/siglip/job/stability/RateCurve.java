package siglip.job.stability;

import java.util.Arrays;

/**
 * A figure of a training over its learning rate, of which less is better: a held-out loss, or the share that is not found.
 *
 * @param rates rising, above 0; at least two
 * @param values at the end of the training at each rate; one that is not finite counts as no better than the start; shared
 * @param start the same before the training
 */
public record RateCurve(double[] rates, double[] values, double start) {
    public RateCurve {
        if (rates.length != values.length || rates.length < 2) {
            throw new IllegalArgumentException("Cannot make a curve over learning rates: %d values at %d rates"
                    .formatted(values.length, rates.length));
        }
    }

    /**
     * Learning-rate sensitivity: the mean over rates of min(value, start), less the best. 0 is a training that any rate suits; NaN one that learns at none, of which there is
     * nothing to be sensitive.
     *
     * @see <a href="https://arxiv.org/abs/2309.14322">Wortsman et al. 2023</a>, section 2.2, where the rates are spaced evenly by their logarithm
     */
    public double sensitivity() {
        double[] capped = Arrays.stream(values).map(this::capped).toArray();
        return learns() ? Statistics.mean(capped) - Arrays.stream(capped).min().orElseThrow() : Double.NaN;
    }

    /**
     * How wide the rates are around the best one at which the value stays within a limit, in decades: the logarithm to base 10 of the ratio of the ends. Between two rates
     * the value is taken to be linear in the logarithm of the rate; beyond the first and the last nothing is known.
     *
     * @param limit at least the best value
     * @return NaN if no rate makes it better than the start
     */
    public double width(double limit) {
        if (!learns()) {
            return Double.NaN;
        }
        int best = 0;
        for (int i = 0; i < rates.length; i++) {
            best = capped(values[i]) < capped(values[best]) ? i : best;
        }
        return edge(best, 1, limit) - edge(best, -1, limit);
    }

    /** Least value at any rate. */
    public double best() {
        return Arrays.stream(values).map(this::capped).min().orElseThrow();
    }

    private boolean learns() {
        return best() < start;
    }

    private double edge(int best, int direction, double limit) {
        int last = best;
        for (int next = best + direction; next >= 0 && next < rates.length; next += direction) {
            double inside = capped(values[last]);
            double outside = capped(values[next]);
            if (outside > limit) {
                double share = Math.max(0, limit - inside) / (outside - inside);
                return Math.log10(rates[last]) + share * (Math.log10(rates[next]) - Math.log10(rates[last]));
            }
            last = next;
        }
        return Math.log10(rates[last]);
    }

    private double capped(double value) {
        return Double.isFinite(value) ? Math.min(value, start) : start;
    }
}
