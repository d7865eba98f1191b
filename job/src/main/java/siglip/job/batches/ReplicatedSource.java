package siglip.job.batches;

import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import siglip.job.features.PairShape;
import siglip.job.order.EpochOrder;
import siglip.job.order.Slices;

/** The whole training set in every executor, broadcast once: for data sets that fit. */
public final class ReplicatedSource implements BatchSource {
    private final BatchPlan plan;
    private final PairShape shape;
    private final Broadcast<PackedPairs> pairs;

    public ReplicatedSource(JavaSparkContext spark, PackedPairs pairs, BatchPlan plan) {
        this.plan = plan;
        this.shape = pairs.shape();
        this.pairs = spark.broadcast(pairs);
    }

    @Override
    public PairShape shape() {
        return shape;
    }

    @Override
    public BatchPlan plan() {
        return plan;
    }

    @Override
    public long segmentEnd(long step) {
        return Long.MAX_VALUE;
    }

    @Override
    public JavaRDD<byte[]> feed(JavaSparkContext spark, int ranks, long from, long to) {
        return spark.parallelize(List.of(), ranks);
    }

    @Override
    public Opener opener() {
        Broadcast<PackedPairs> shipped = pairs;
        BatchPlan order = plan;
        return (rank, ranks, feed) -> new Reader(shipped.value(), order, order.slices(ranks), rank);
    }

    @Override
    public void close() {
        pairs.destroy();
    }

    /** Copies a rank's rows of each batch out of the packed pairs. */
    private static final class Reader implements RankBatches {
        private final PackedPairs pairs;
        private final BatchPlan plan;
        private final int firstRow;
        private final int rows;
        private long epoch = -1;
        private EpochOrder order;

        Reader(PackedPairs pairs, BatchPlan plan, Slices slices, int rank) {
            this.pairs = pairs;
            this.plan = plan;
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
            long position = plan.position(step) + firstRow;
            for (int row = 0; row < rows; row++) {
                long id = order.idAt(position + row);
                pairs.copy((int) id, plan.withKeywords(epoch, id), into, row);
            }
        }
    }
}
