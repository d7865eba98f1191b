package siglip.job.config;

/**
 * @param everySteps steps between evaluations; a segment ends at each
 * @param maxRows largest number of held-out rows that are evaluated, the first in id order
 * @param nearestNeighbour whether to search the raw features of the training images once, as a yardstick
 */
public record EvaluationSettings(long everySteps, int maxRows, boolean nearestNeighbour) {}
