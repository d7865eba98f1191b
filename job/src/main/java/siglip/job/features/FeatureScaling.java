package siglip.job.features;

import java.io.Serializable;

/**
 * Brings features to a common scale with statistics of the training set: {@code (x - mean) / (deviation + 0.001)}. Belongs to the model as
 * much as its parameters do. The arrays are shared.
 *
 * @param mean of each feature over the training rows; empty where features are taken as they are
 * @param deviation standard deviation of each
 */
public record FeatureScaling(float[] mean, float[] deviation) implements Serializable {
    private static final float FLOOR = 0.001f;

    /** Leaves features as they are. */
    public static final FeatureScaling NONE = new FeatureScaling(new float[0], new float[0]);

    public FeatureScaling {
        if (mean.length != deviation.length) {
            throw new IllegalArgumentException(
                    "Cannot scale with %d means and %d deviations".formatted(mean.length, deviation.length));
        }
    }

    /** Scales in place. */
    public void apply(float[] features) {
        if (mean.length == 0) {
            return;
        }
        if (features.length != mean.length) {
            throw new IllegalArgumentException(
                    "Cannot scale %d features with statistics of %d".formatted(features.length, mean.length));
        }
        for (int i = 0; i < mean.length; i++) {
            features[i] = (features[i] - mean[i]) / (deviation[i] + FLOOR);
        }
    }
}
