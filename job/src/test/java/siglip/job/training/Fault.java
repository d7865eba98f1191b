package siglip.job.training;

import siglip.job.ring.RankNode;
import siglip.kernels.LossKernels;

/** Puts a wrong exchange in the place of the right one. */
interface Fault {
    /** Leaves all as it is. */
    Fault NONE = (arm, plan, node, kernels, right) -> right;

    LossExchange plant(int arm, SegmentPlan plan, RankNode node, LossKernels kernels, LossExchange right);
}
