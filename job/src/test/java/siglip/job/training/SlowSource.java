package siglip.job.training;

import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.apache.spark.HashPartitioner;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.api.java.function.Function;
import scala.Tuple2;
import siglip.job.batches.BatchPlan;
import siglip.job.batches.BatchSource;
import siglip.job.features.PairShape;

/** A source whose feed, of which nothing is used, takes its time at one place. */
final class SlowSource implements BatchSource {
    /** How often a pair was written to a shuffle, in this process. */
    static final AtomicInteger WRITTEN = new AtomicInteger();

    private final BatchSource source;
    private final JavaSparkContext spark;
    private final Place place;
    private final long millis;
    private Optional<JavaPairRDD<Integer, byte[]>> made = Optional.empty();

    SlowSource(BatchSource source, JavaSparkContext spark, Place place, long millis) {
        this.source = source;
        this.spark = spark;
        this.place = place;
        this.millis = millis;
    }

    enum Place {
        /** In the writing half of a shuffle that the source tells of. */
        SHUFFLE,
        /** In one that it does not tell of, so that the ranks' own job does it first. */
        STAGE_BEFORE,
        /** As ranks read. */
        READING
    }

    @Override
    public PairShape shape() {
        return source.shape();
    }

    @Override
    public BatchPlan plan() {
        return source.plan();
    }

    @Override
    public long segmentEnd(long step) {
        return source.segmentEnd(step);
    }

    @Override
    public Optional<JavaPairRDD<?, ?>> shuffle(int ranks, long from, long to) {
        return place == Place.SHUFFLE ? Optional.of(shuffled(ranks)) : Optional.empty();
    }

    @Override
    public JavaRDD<byte[]> feed(JavaSparkContext context, int ranks, long from, long to) {
        JavaRDD<byte[]> feed = shuffled(ranks).values();
        return place == Place.READING ? feed.filter(late(millis)) : feed;
    }

    private JavaPairRDD<Integer, byte[]> shuffled(int ranks) {
        if (made.isEmpty()) {
            made = Optional.of(make(ranks));
        }
        return made.get();
    }

    private JavaPairRDD<Integer, byte[]> make(int ranks) {
        long pause = place == Place.READING ? 0 : millis;
        return spark.parallelize(IntStream.range(0, ranks).boxed().toList(), 1)
                .mapToPair(i -> {
                    Thread.sleep(pause);
                    WRITTEN.incrementAndGet();
                    return new Tuple2<>(i, new byte[1]);
                })
                .partitionBy(new HashPartitioner(ranks));
    }

    /** Keeps all, also whoever only asks whether there is one. */
    private static Function<byte[], Boolean> late(long millis) {
        return bytes -> {
            Thread.sleep(millis);
            return true;
        };
    }

    @Override
    public Opener opener() {
        return source.opener();
    }

    @Override
    public void close() {
        source.close();
    }
}
