package siglip.job.batches;

import java.util.Iterator;
import java.util.Optional;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;
import siglip.job.features.PairShape;
import siglip.job.formats.PairTable;
import siglip.job.order.EpochOrder;
import siglip.job.order.Slices;

/**
 * Training pairs of any number: once an epoch Spark sorts the pairs by rank and position, and each rank reads its own partition as a stream. The
 * files are read and the features computed anew for each epoch; nothing is kept in memory.
 */
public final class ShuffledSource implements BatchSource {
    private final PairTable table;
    private final PairEncoder encoder;
    private final PairShape shape;
    private final BatchPlan plan;
    private Optional<Epoch> current = Optional.empty();

    /** The pairs of one epoch from step {@code from} on, sorted. */
    private record Epoch(long number, long from, int ranks, JavaPairRDD<Long, byte[]> sorted) {}

    public ShuffledSource(PairTable table, PairEncoder encoder, PairShape shape, BatchPlan plan) {
        this.table = table;
        this.encoder = encoder;
        this.shape = shape;
        this.plan = plan;
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
        return (plan.epoch(step) + 1) * plan.batchesPerEpoch();
    }

    /** Segments of one epoch, and further attempts at one, share a shuffle; that of the epoch before is removed. */
    @Override
    public JavaRDD<byte[]> feed(JavaSparkContext spark, int ranks, long from, long to) {
        if (to <= from || to > segmentEnd(from)) {
            throw new IllegalArgumentException(
                    "Cannot feed steps %d to %d: a segment is in one epoch, this one ends at %d"
                            .formatted(from, to, segmentEnd(from)));
        }
        long number = plan.epoch(from);
        boolean usable = current.filter(
                        epoch -> epoch.number() == number && epoch.ranks() == ranks && epoch.from() <= from)
                .isPresent();
        if (!usable) {
            close();
            current = Optional.of(new Epoch(number, from, ranks, sort(number, from, ranks)));
        }
        long first = plan.position(from);
        long end = plan.position(to - 1) + plan.batchSize();
        return current.get().sorted().mapPartitions(part -> new Between(part, first, end));
    }

    @Override
    public Opener opener() {
        BatchPlan order = plan;
        PairShape pair = shape;
        return (rank, ranks, feed) -> new Reader(order, pair, order.slices(ranks), rank, feed);
    }

    @Override
    public void close() {
        current.ifPresent(epoch -> epoch.sorted().rdd().cleanShuffleDependencies(true));
        current = Optional.empty();
    }

    private JavaPairRDD<Long, byte[]> sort(long epoch, long from, int ranks) {
        BatchPlan order = plan;
        PairEncoder pairs = encoder;
        long first = plan.position(from);
        long end = plan.batchesPerEpoch() * plan.batchSize();
        return table.scan()
                .mapPartitionsToPair(part -> {
                    EpochOrder positions = order.order(epoch);
                    return pairs.each(
                            part,
                            id -> positions.positionOf(id) >= first && positions.positionOf(id) < end,
                            (id, row) -> new Tuple2<>(
                                    positions.positionOf(id),
                                    pairs.encode(id, row).bytes()));
                })
                .repartitionAndSortWithinPartitions(new ByRank(plan.slices(ranks)));
    }

    /** Sends a position to the rank that takes it. */
    private static final class ByRank extends Partitioner {
        private final Slices batch;

        ByRank(Slices batch) {
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

        @Override
        public boolean equals(Object other) {
            return other instanceof ByRank that && that.batch.equals(batch);
        }

        @Override
        public int hashCode() {
            return batch.hashCode();
        }
    }

    /** The pairs at positions {@code first} to {@code end - 1} of a sorted partition. */
    private static final class Between implements Iterator<byte[]> {
        private final Iterator<Tuple2<Long, byte[]>> sorted;
        private final long end;
        private Optional<Tuple2<Long, byte[]>> next;

        Between(Iterator<Tuple2<Long, byte[]>> sorted, long first, long end) {
            this.sorted = sorted;
            this.end = end;
            advance();
            while (next.isPresent() && next.get()._1() < first) {
                advance();
            }
        }

        @Override
        public boolean hasNext() {
            return next.isPresent();
        }

        @Override
        public byte[] next() {
            byte[] bytes = next.orElseThrow()._2();
            advance();
            return bytes;
        }

        private void advance() {
            next = sorted.hasNext() ? Optional.of(sorted.next()).filter(pair -> pair._1() < end) : Optional.empty();
        }
    }

    /** Copies a rank's rows of each batch out of its stream. */
    private static final class Reader implements RankBatches {
        private final BatchPlan plan;
        private final PairShape shape;
        private final int firstRow;
        private final int rows;
        private final Iterator<byte[]> feed;
        private long epoch = -1;
        private EpochOrder order;

        Reader(BatchPlan plan, PairShape shape, Slices slices, int rank, Iterator<byte[]> feed) {
            this.plan = plan;
            this.shape = shape;
            this.firstRow = slices.start(rank);
            this.rows = slices.size(rank);
            this.feed = feed;
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
                if (!feed.hasNext()) {
                    throw new IllegalStateException(
                            "Cannot read position %d of epoch %d: the stream has ended".formatted(position, epoch));
                }
                EncodedPair pair = new EncodedPair(feed.next());
                if (order.positionOf(pair.id()) != position) {
                    throw new IllegalStateException(
                            "Cannot read position %d of epoch %d: the stream is at row %d, position %d"
                                    .formatted(position, epoch, pair.id(), order.positionOf(pair.id())));
                }
                pair.copy(shape, plan.withKeywords(epoch, pair.id()), into, row);
            }
        }
    }
}
