package siglip.job.towers;

/**
 * A trained model: all that is needed to embed pairs and to score them. The arrays are shared.
 *
 * @param spec what it consists of
 * @param parameters of towers and table
 * @param logScale t', natural logarithm of the logit scale
 * @param bias b; 0 for softmax
 * @param featureMean of each image feature over the training rows; empty where features are taken as they are
 * @param featureDeviation standard deviation of each; a feature x goes in as {@code (x - mean) / (deviation + 0.001)}
 */
public record SavedModel(
        ModelSpec spec,
        Parameters parameters,
        double logScale,
        double bias,
        float[] featureMean,
        float[] featureDeviation) {}
