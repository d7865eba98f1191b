package siglip.job.training;

import siglip.job.losses.LossExchange;
import siglip.job.ring.RankNode;
import siglip.job.stage.Lanes;

/** Puts a wrong exchange in the place of the right one. */
interface Fault {
    /** Leaves all as it is. */
    Fault NONE = (arm, plan, node, lanes, right) -> right;

    LossExchange plant(int arm, SegmentPlan plan, RankNode node, Lanes lanes, LossExchange right);
}
