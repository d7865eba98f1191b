package siglip.job.model;

import siglip.job.features.FeatureScaling;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;

/**
 * A trained model: all that is needed to embed pairs and to score them.
 *
 * @param spec what it consists of
 * @param parameters of towers and table
 * @param logScale t', natural logarithm of the logit scale
 * @param bias b; 0 for softmax
 * @param scaling of image features, with statistics of the training rows
 */
public record SavedModel(ModelSpec spec, Parameters parameters, double logScale, double bias, FeatureScaling scaling) {}
