package siglip.job.features;

/**
 * One valid pair, in features.
 *
 * @param image features, not scaled yet
 * @param text features; empty when texts are tokens
 * @param tokens of the description, then of the keywords; empty when texts are features
 * @param described how many of the tokens belong to the description
 */
public record Pair(float[] image, float[] text, int[] tokens, int described) {}
