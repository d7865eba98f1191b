package siglip.job.losses;

import siglip.job.ring.TextBlock;
import siglip.job.stage.StepClock;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.blas.Matrix;

/**
 * What a rank brings to one step of a loss, and what it takes away.
 *
 * @param arm number of the arm
 * @param step number of the global batch
 * @param seed what is random in the step follows from it and from the step's number
 * @param images this rank's image embeddings, n x d
 * @param texts this rank's text embeddings and the concept ids of its pairs
 * @param scalars what the loss has learned
 * @param imageGradient n x d, overwritten
 * @param textGradient n x d, overwritten
 * @param sums added to
 * @param clock told when the rank computes and when it waits
 */
public record LossStep(
        int arm,
        long step,
        long seed,
        Matrix images,
        TextBlock texts,
        LossScalars scalars,
        Matrix imageGradient,
        Matrix textGradient,
        LossSums sums,
        StepClock clock) {}
