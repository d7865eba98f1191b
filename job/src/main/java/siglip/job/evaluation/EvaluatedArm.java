package siglip.job.evaluation;

import siglip.job.towers.Parameters;

/**
 * What evaluation needs of an arm.
 *
 * @param scale its logit scale t
 * @param bias its bias b, also where the loss learns it as a similarity; NaN if its loss has none
 * @param batch N, the pairs of its batches
 */
public record EvaluatedArm(Parameters parameters, double scale, double bias, int batch) {}
