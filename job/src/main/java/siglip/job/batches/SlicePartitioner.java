package siglip.job.batches;

import org.apache.spark.Partitioner;
import siglip.job.order.Slices;

/** Sends a position, counted on through batches, to the rank that has this part of each batch. */
public final class SlicePartitioner extends Partitioner {
    private static final long serialVersionUID = 1L;

    private final Slices batch;

    public SlicePartitioner(Slices batch) {
        this.batch = batch;
    }

    @Override
    public int numPartitions() {
        return batch.ranks();
    }

    @Override
    public int getPartition(Object position) {
        return batch.rankOf((long) position % batch.total());
    }
}
