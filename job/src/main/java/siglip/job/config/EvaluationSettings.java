package siglip.job.config;

/**
 * @param everySteps steps between evaluations; a segment ends at each
 * @param maxRows of a held-out set with more rows, a sample of so many is evaluated
 * @param nearestNeighbour whether to search the raw features of the training images once, as a yardstick
 */
public record EvaluationSettings(long everySteps, int maxRows, boolean nearestNeighbour) {}
