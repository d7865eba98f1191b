package siglip.job.features;

/**
 * One valid pair, in features: an image and its texts.
 *
 * @param image features, not scaled yet
 */
public record Pair(float[] image, Texts texts) {}
