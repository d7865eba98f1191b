package siglip.job.stability;

import java.util.Arrays;

/**
 * A series measured against its own recent past: the median of the (up to) {@value #WINDOW} finite values before each value, and how far
 * they scatter around it. A trend over many steps hardly shows; what stands out from its neighbours does. A value at which there are fewer
 * than {@value #FEWEST} earlier ones has no level.
 */
public final class LocalLevel {
    /** Steps that a level looks back. */
    public static final int WINDOW = 51;

    /** The least number of earlier values that make a level. */
    static final int FEWEST = 5;

    /**
     * Scatters above its level that make a value a spike. With Gaussian noise and a full window about one value in a million is so far off by
     * chance. It is the number of the published count ({@link Statistics#spikes}), so that the two differ in their centre and scale alone.
     */
    public static final double SPIKE_DEVIATIONS = 7;

    /** A series that stands still scatters by rounding alone; its scatter counts as at least this share of its level. */
    static final double LEAST_SCATTER = 0.01;

    /** Makes the median absolute deviation of Gaussian noise its standard deviation. */
    private static final double GAUSSIAN = 1.4826;

    private final double[] values;
    private final double[] medians;
    private final double[] scatters;

    private LocalLevel(double[] values) {
        this.values = values;
        medians = new double[values.length];
        scatters = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            double[] before = Arrays.stream(values, Math.max(0, i - WINDOW), i)
                    .filter(Double::isFinite)
                    .toArray();
            double median = before.length < FEWEST ? Double.NaN : Statistics.median(before);
            double[] distances =
                    Arrays.stream(before).map(x -> Math.abs(x - median)).toArray();
            medians[i] = median;
            scatters[i] = Math.max(GAUSSIAN * Statistics.median(distances), LEAST_SCATTER * Math.abs(median));
        }
    }

    /** Of one value a step, in order. */
    public static LocalLevel of(double... values) {
        return new LocalLevel(values.clone());
    }

    /** How many values there are. */
    int size() {
        return values.length;
    }

    /** Each value over its level from index {@code from} to {@code to - 1}: where there is a level, and the value is finite. */
    public double[] ratios(int from, int to) {
        double[] ratios = ratios();
        return Arrays.stream(ratios, Math.min(from, ratios.length), Math.min(to, ratios.length))
                .filter(Double::isFinite)
                .toArray();
    }

    /** The scatter around a level over the level itself, from index {@code from} on: the median; NaN if there is no level. */
    public double relativeScatter(int from) {
        double[] relative = new double[values.length];
        for (int i = 0; i < values.length; i++) {
            relative[i] = scatters[i] / medians[i];
        }
        return Statistics.median(Arrays.copyOfRange(relative, Math.min(from, values.length), values.length));
    }

    /** How many values from index {@code from} on are {@value #SPIKE_DEVIATIONS} scatters or more above their level; NaN if there is none to judge. */
    public double spikes(int from) {
        int judged = 0;
        int spikes = 0;
        for (int i = from; i < values.length; i++) {
            if (Double.isFinite(values[i]) && Double.isFinite(medians[i])) {
                judged++;
                spikes += isSpike(i) ? 1 : 0;
            }
        }
        return judged == 0 ? Double.NaN : spikes;
    }

    /** Whether a value is a spike; not where it is not finite or has no level. */
    public boolean isSpike(int index) {
        double distance = values[index] - medians[index];
        return Double.isFinite(distance) && distance > 0 && distance >= SPIKE_DEVIATIONS * scatters[index];
    }

    /** Each value over its level; not finite where there is none. */
    public double[] ratios() {
        double[] ratios = new double[values.length];
        for (int i = 0; i < ratios.length; i++) {
            ratios[i] = values[i] / medians[i];
        }
        return ratios;
    }
}
