package siglip.job.config;

import java.util.OptionalInt;

/**
 * How all arms train.
 *
 * @param batchSize global batch, N pairs
 * @param textsPerImage texts of an image that a batch holds, each beside a copy of the image; divides N
 * @param microBatchSize most pairs that pass the towers of a core at a time; empty: all that it has
 * @param steps global batches
 * @param optimizer how the parameters of those arms move that have no settings of their own for it
 * @param attempts how often a segment may fail in a row without one completed step
 */
public record TrainingSettings(
        int batchSize,
        int textsPerImage,
        OptionalInt microBatchSize,
        long steps,
        OptimizerSettings optimizer,
        int attempts) {}
