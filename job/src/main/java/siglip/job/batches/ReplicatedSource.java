package siglip.job.batches;

import java.util.List;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import siglip.job.features.PairShape;
import siglip.job.files.Release;

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
        return (rank, ranks, feed) -> {
            PackedPairs packed = shipped.value();
            return new SliceReader(order, rank, ranks, (id, draw, into, row) -> packed.copy((int) id, draw, into, row));
        };
    }

    @Override
    public void close() {
        Release.broadcast(pairs);
    }
}
