package siglip.job.batches;

import siglip.job.order.EpochOrder;
import siglip.job.order.Slices;

/** Goes through a rank's rows of each batch. */
final class SliceReader implements RankBatches {
    private final BatchPlan plan;
    private final Pairs pairs;
    private final int firstRow;
    private final int rows;
    private long epoch;
    private EpochOrder order;

    /** Where pairs are copied from; they are asked for in the order of their positions. */
    interface Pairs {
        /** Copies a pair into a row of the batch. */
        void copy(long id, CaptionDraw draw, Batch into, int row);
    }

    SliceReader(BatchPlan plan, int rank, int ranks, Pairs pairs) {
        Slices slices = plan.slices(ranks);
        this.plan = plan;
        this.pairs = pairs;
        this.firstRow = slices.start(rank);
        this.rows = slices.size(rank);
        this.order = plan.order(0);
    }

    @Override
    public void read(long step, Batch into) {
        if (plan.epoch(step) != epoch) {
            epoch = plan.epoch(step);
            order = plan.order(epoch);
        }
        into.start(rows);
        for (int row = 0; row < rows; row++) {
            long position = plan.position(step) + firstRow + row;
            pairs.copy(plan.idAt(order, position), plan.draw(epoch, position), into, row);
        }
    }
}
