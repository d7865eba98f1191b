package siglip.job.batches;

import siglip.job.order.EpochOrder;
import siglip.job.order.Slices;

/** Goes through a rank's rows of each batch; subclasses say where the pair at a position is copied from. */
abstract class SliceReader implements RankBatches {
    private final BatchPlan plan;
    private final int firstRow;
    private final int rows;
    private long epoch;
    private EpochOrder order;

    SliceReader(BatchPlan plan, int rank, int ranks) {
        Slices slices = plan.slices(ranks);
        this.plan = plan;
        this.firstRow = slices.start(rank);
        this.rows = slices.size(rank);
        this.order = plan.order(0);
    }

    @Override
    public final void read(long step, Batch into) {
        if (plan.epoch(step) != epoch) {
            epoch = plan.epoch(step);
            order = plan.order(epoch);
        }
        into.start(rows);
        for (int row = 0; row < rows; row++) {
            long position = plan.position(step) + firstRow + row;
            long id = order.idAt(position);
            copy(id, plan.withKeywords(epoch, id), into, row);
        }
    }

    /** Copies the pair into a row of the batch; pairs are asked for in the order of their positions. */
    abstract void copy(long id, boolean withKeywords, Batch into, int row);
}
