package siglip.job.losses;

import siglip.kernels.LossSums;
import siglip.kernels.PairBlock;
import siglip.kernels.blas.Matrix;

/**
 * A loss that has no gradient before something is known of all logits of the global batch: what a first pass gathers, how it becomes whole, and
 * the second pass. Each lane takes its rows of the images.
 */
interface TwoPasses {
    /** Empties what the last step has gathered, and offers places for what other ranks will send in this one. */
    void begin(LossStep step);

    /**
     * First pass over a lane's part of a block.
     *
     * @param firstText of the block, in the global batch
     */
    void gather(int lane, PairBlock part, int firstText);

    /** Makes whole what lanes and ranks have gathered, and adds to the step's sums what is known of the loss then. */
    void merge(LossStep step);

    /** Second pass over a lane's part of a block: adds gradients, and what is left to add to the sums. */
    void accumulate(int lane, PairBlock part, int firstText, Matrix imageGradient, Matrix textGradient, LossSums sums);

    /** Bytes of memory for what is gathered. */
    long bytes();
}
