package siglip.job.config;

import java.util.List;

/**
 * @param everySteps steps between evaluations; a segment ends at each
 * @param maxRows of a held-out set with more rows, a sample of so many is evaluated
 * @param nearestNeighbour whether to search the raw features of the training images once, as a yardstick
 * @param levels of R@1 in percent, to which it is told how long each arm took
 */
public record EvaluationSettings(long everySteps, int maxRows, boolean nearestNeighbour, List<Integer> levels) {}
