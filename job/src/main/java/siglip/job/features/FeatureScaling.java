package siglip.job.features;

import java.io.Serializable;
import java.util.Arrays;
import java.util.stream.IntStream;
import siglip.job.config.DataSettings.Scaling;

/**
 * Brings the features of one side to a common scale. Belongs to the model as much as its parameters do. The arrays are shared.
 *
 * <pre>{@code
 * standardise   (x - mean) / divisor, computed in double and rounded after each operation; 0 where the divisor is 0
 * unit          x / sqrt(sum of squares of the row), 0 in a row of zeros
 * none          x
 * }</pre>
 *
 * @param kind how
 * @param mean of each feature over the training rows; empty for all kinds but {@code STANDARDISE}
 * @param divisor of each feature: its standard deviation, plus 0.001 for those of pictures; 0 for a feature that is the same in all training rows
 */
public record FeatureScaling(Scaling kind, double[] mean, double[] divisor) implements Serializable {
    private static final double[] EMPTY = {};

    /** Leaves features as they are. */
    public static final FeatureScaling NONE = new FeatureScaling(Scaling.NONE, EMPTY, EMPTY);

    /** Brings each row to length 1. */
    public static final FeatureScaling UNIT = new FeatureScaling(Scaling.UNIT, EMPTY, EMPTY);

    /** A deviation below this part of the mean is little more than what float32 rounds. */
    private static final double NEARLY_CONSTANT = 1e-6;

    public FeatureScaling {
        if (mean.length != divisor.length) {
            throw new IllegalArgumentException(
                    "Cannot scale with %d means and %d divisors".formatted(mean.length, divisor.length));
        }
    }

    static FeatureScaling standardise(double[] mean, double[] divisor) {
        return new FeatureScaling(Scaling.STANDARDISE, mean, divisor);
    }

    /** Scales in place. */
    public void apply(float[] features) {
        switch (kind) {
            case STANDARDISE -> standardise(features);
            case UNIT -> unit(features);
            case NONE -> {}
        }
    }

    private void standardise(float[] features) {
        if (features.length != mean.length) {
            throw new IllegalArgumentException(
                    "Cannot scale %d features with statistics of %d".formatted(features.length, mean.length));
        }
        for (int i = 0; i < mean.length; i++) {
            features[i] = divisor[i] == 0 ? 0 : (float) (centred(features[i] - mean[i]) / divisor[i]);
        }
    }

    /** Rounded to a float, unless none is large enough: two floats may be further from each other than the largest is from 0. */
    private static double centred(double difference) {
        float rounded = (float) difference;
        return Float.isInfinite(rounded) ? difference : rounded;
    }

    private static void unit(float[] features) {
        double squares = 0;
        for (float feature : features) {
            squares += (double) feature * feature;
        }
        double length = Math.sqrt(squares);
        for (int i = 0; i < features.length; i++) {
            features[i] = length == 0 ? 0 : (float) (features[i] / length);
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof FeatureScaling scaling
                && kind == scaling.kind
                && Arrays.equals(mean, scaling.mean)
                && Arrays.equals(divisor, scaling.divisor);
    }

    @Override
    public int hashCode() {
        return 31 * Arrays.hashCode(mean) + Arrays.hashCode(divisor);
    }

    /** Places of the features that are the same in all training rows, and so become 0. */
    public int[] constant() {
        return IntStream.range(0, divisor.length).filter(i -> divisor[i] == 0).toArray();
    }

    /** Places of the features that vary by less than a millionth of their mean. They are scaled like the others. */
    public int[] nearlyConstant() {
        return IntStream.range(0, divisor.length)
                .filter(i -> divisor[i] > 0 && divisor[i] < NEARLY_CONSTANT * Math.abs(mean[i]))
                .toArray();
    }
}
