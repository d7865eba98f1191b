package siglip.job.checkpoint;

import siglip.job.training.TrainingSnapshot;

/**
 * A run between two steps: all that another driver needs to go on with it.
 *
 * @param identity what is trained, on what
 * @param ranks how many computed it, D
 * @param training state of all arms
 * @param history what has been told so far
 */
public record Checkpoint(RunIdentity identity, int ranks, TrainingSnapshot training, History history) {}
