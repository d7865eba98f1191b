package siglip.job.features;

import java.io.Serializable;

/**
 * Sums of features and of their squares in fixed point, 2^-32 to a unit: integers add up to the same whatever the order, so the scaling does not
 * depend on partitions. For features from 0 to 1 and up to 2^31 rows.
 */
public final class ExactMoments implements Serializable {
    private static final double UNIT = 1L << 32;

    private final long[] sums;
    private final long[] squares;
    private long rows;

    public ExactMoments(int width) {
        sums = new long[width];
        squares = new long[width];
    }

    /** How many features are summed; 0 where they are not to be scaled. */
    public int width() {
        return sums.length;
    }

    public void add(float[] features) {
        for (int i = 0; i < sums.length; i++) {
            double value = features[i];
            sums[i] += Math.round(value * UNIT);
            squares[i] += Math.round(value * value * UNIT);
        }
        rows++;
    }

    public void add(ExactMoments other) {
        for (int i = 0; i < sums.length; i++) {
            sums[i] += other.sums[i];
            squares[i] += other.squares[i];
        }
        rows += other.rows;
    }

    /** Mean and deviation over the rows; features are left as they are if there is none. */
    public FeatureScaling scaling() {
        if (sums.length == 0 || rows == 0) {
            return FeatureScaling.NONE;
        }
        float[] mean = new float[sums.length];
        float[] deviation = new float[sums.length];
        for (int i = 0; i < sums.length; i++) {
            double m = sums[i] / UNIT / rows;
            mean[i] = (float) m;
            deviation[i] = (float) Math.sqrt(Math.max(0, squares[i] / UNIT / rows - m * m));
        }
        return new FeatureScaling(mean, deviation);
    }
}
