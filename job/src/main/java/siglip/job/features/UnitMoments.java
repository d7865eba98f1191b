package siglip.job.features;

/**
 * Sums features and their squares in fixed point, 2^-32 to a unit. For features from 0 to 1 and up to 2^31 rows.
 *
 * <p>Features of pictures are divided by their deviation plus 0.001: one that hardly ever differs from its mean, such as an edge in a corner,
 * stays small.
 */
final class UnitMoments implements FeatureMoments {
    private static final long serialVersionUID = 1L;
    private static final double UNIT = 1L << 32;
    private static final float FLOOR = 0.001f;

    private final long[] sums;
    private final long[] squares;
    private long rows;

    UnitMoments(int width) {
        sums = new long[width];
        squares = new long[width];
    }

    @Override
    public void add(float[] features) {
        for (int i = 0; i < sums.length; i++) {
            double value = features[i];
            sums[i] += Math.round(value * UNIT);
            squares[i] += Math.round(value * value * UNIT);
        }
        rows++;
    }

    @Override
    public void add(FeatureMoments other) {
        UnitMoments more = (UnitMoments) other;
        for (int i = 0; i < sums.length; i++) {
            sums[i] += more.sums[i];
            squares[i] += more.squares[i];
        }
        rows += more.rows;
    }

    @Override
    public FeatureScaling scaling() {
        if (rows == 0) {
            return FeatureScaling.NONE;
        }
        double[] mean = new double[sums.length];
        double[] divisor = new double[sums.length];
        for (int i = 0; i < sums.length; i++) {
            double m = sums[i] / UNIT / rows;
            mean[i] = (float) m;
            divisor[i] = (float) Math.sqrt(Math.max(0, squares[i] / UNIT / rows - m * m)) + FLOOR;
        }
        return FeatureScaling.standardise(mean, divisor);
    }
}
