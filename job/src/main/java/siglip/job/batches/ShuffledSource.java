package siglip.job.batches;

import java.util.Iterator;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import scala.Tuple2;
import siglip.job.features.PairShape;

/** Training pairs of any number: once an epoch Spark sorts the pairs by rank and position, and each rank reads its own partition as a stream. */
public final class ShuffledSource implements BatchSource {
    private final JavaRDD<byte[]> pairs;
    private final PairShape shape;
    private final BatchPlan plan;
    private final Runnable unchanged;
    private Optional<Epoch> current = Optional.empty();

    /** The pairs of one epoch from step {@code from} on, sorted. */
    private record Epoch(long number, long from, int ranks, JavaPairRDD<Long, byte[]> sorted) {}

    /**
     * @param pairs encoded training pairs in any order; read once an epoch, for the owner to keep where that is dear
     * @param unchanged throws if the pairs are no longer what they were
     */
    public ShuffledSource(JavaRDD<byte[]> pairs, PairShape shape, BatchPlan plan, Runnable unchanged) {
        this.pairs = pairs;
        this.shape = shape;
        this.plan = plan;
        this.unchanged = unchanged;
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

    @Override
    public void requireUnchanged() {
        unchanged.run();
    }

    @Override
    public Optional<JavaPairRDD<?, ?>> shuffle(int ranks, long from, long to) {
        return Optional.of(sorted(ranks, from, to));
    }

    @Override
    public JavaRDD<byte[]> feed(JavaSparkContext spark, int ranks, long from, long to) {
        JavaPairRDD<Long, byte[]> sorted = sorted(ranks, from, to);
        long first = plan.position(from);
        long end = plan.position(to - 1) + plan.batchSize();
        return sorted.filter(pair -> pair._1() >= first && pair._1() < end).values();
    }

    /** Segments of one epoch, and further attempts at one, share a shuffle; that of the epoch before is removed. */
    private JavaPairRDD<Long, byte[]> sorted(int ranks, long from, long to) {
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
        return current.get().sorted();
    }

    @Override
    public Opener opener() {
        BatchPlan order = plan;
        PairShape pair = shape;
        return (rank, ranks, feed) -> new SliceReader(
                order, rank, ranks, (id, draw, into, row) -> next(feed, id).copy(pair, draw, into, row));
    }

    @Override
    public void close() {
        current.ifPresent(epoch -> epoch.sorted().rdd().cleanShuffleDependencies(true));
        current = Optional.empty();
    }

    private JavaPairRDD<Long, byte[]> sort(long epoch, long from, int ranks) {
        BatchPlan order = plan;
        long first = plan.position(from);
        long end = plan.batchesPerEpoch() * plan.batchSize();
        return pairs.flatMapToPair(bytes -> {
                    long position = order.positionOf(order.order(epoch), new EncodedPair(bytes).id());
                    return IntStream.range(0, order.textsPerImage())
                            .mapToObj(turn -> new Tuple2<>(position + turn, bytes))
                            .iterator();
                })
                .filter(pair -> pair._1() >= first && pair._1() < end)
                .repartitionAndSortWithinPartitions(new SlicePartitioner(plan.slices(ranks)));
    }

    /** The next pair of a rank's stream, which must be the one asked for. */
    private static EncodedPair next(Iterator<byte[]> feed, long id) {
        if (!feed.hasNext()) {
            throw new IllegalStateException("Cannot read pair %d: the stream has ended".formatted(id));
        }
        EncodedPair pair = new EncodedPair(feed.next());
        if (pair.id() != id) {
            throw new IllegalStateException("Cannot read pair %d: the stream is at pair %d".formatted(id, pair.id()));
        }
        return pair;
    }
}
