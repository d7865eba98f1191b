package siglip.job.batches;

import java.io.Serializable;
import java.util.Iterator;
import java.util.Optional;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import siglip.job.features.PairShape;

/** Hands each rank its slices. Two implementations, one order of pairs: the batches are the same. */
public interface BatchSource extends AutoCloseable {
    /** What a pair looks like. */
    PairShape shape();

    /** Which pairs make up which batch. */
    BatchPlan plan();

    /** The latest step (exclusive) to which a segment that starts at {@code step} may run. */
    long segmentEnd(long step);

    /**
     * What must have been shuffled before the tasks of such a stage can read their feed: whoever runs that first need not have them wait for it. Empty where nothing is
     * shuffled.
     */
    default Optional<JavaPairRDD<?, ?>> shuffle(int ranks, long from, long to) {
        return Optional.empty();
    }

    /** What the tasks of a barrier stage over steps {@code from} to {@code to - 1} iterate over: one partition a rank. */
    JavaRDD<byte[]> feed(JavaSparkContext spark, int ranks, long from, long to);

    /**
     * Looks whether what {@link #feed} reads again is what it was; nothing where it reads nothing again.
     *
     * @throws RuntimeException if it has changed, with words that say what
     */
    default void requireUnchanged() {}

    /** Opens a rank's slices on an executor; ships with the stage. */
    Opener opener();

    /** Opens a rank's slices on an executor. */
    interface Opener extends Serializable {
        RankBatches open(int rank, int ranks, Iterator<byte[]> feed);
    }

    /** Frees what {@link #feed} left in the cluster: broadcasts, shuffle files. */
    @Override
    void close();
}
