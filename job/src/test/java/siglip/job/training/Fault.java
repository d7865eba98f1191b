package siglip.job.training;

import siglip.job.ring.RankNode;

/** Puts a wrong exchange in the place of the right one. */
interface Fault {
    /** Leaves all as it is. */
    Fault NONE = (arm, plan, node, lanes, right) -> right;

    LossExchange plant(int arm, SegmentPlan plan, RankNode node, Lanes lanes, LossExchange right);
}
