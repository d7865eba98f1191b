package siglip.job.training;

import java.io.IOException;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.Optional;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import siglip.job.batches.BatchPlan;
import siglip.job.batches.BatchSource;
import siglip.job.batches.RankBatches;
import siglip.job.features.PairShape;

/** A source of which something happens once to one rank, in its own process, as it reads the batch of one step. */
public final class FailingSource implements BatchSource {
    private final BatchSource source;
    private final int rank;
    private final long step;
    private final Fault fault;
    private final Path failed;

    /** What happens; ships with the stage. */
    public interface Fault extends Serializable {
        void strike();
    }

    /** The read fails. */
    FailingSource(BatchSource source, int rank, long step) {
        this(source, rank, step, () -> {
            throw new IllegalStateException("a broken disk");
        });
    }

    /** {@code fault} strikes rank {@code rank} at step {@code step}, and never again. */
    public FailingSource(BatchSource source, int rank, long step, Fault fault) {
        this.source = source;
        this.rank = rank;
        this.step = step;
        this.fault = fault;
        try {
            failed = Files.createTempDirectory("failing").resolve("failed");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
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
    public long segmentEnd(long from) {
        return source.segmentEnd(from);
    }

    @Override
    public Optional<JavaPairRDD<?, ?>> shuffle(int ranks, long from, long to) {
        return source.shuffle(ranks, from, to);
    }

    @Override
    public JavaRDD<byte[]> feed(JavaSparkContext spark, int ranks, long from, long to) {
        return source.feed(spark, ranks, from, to);
    }

    @Override
    public Opener opener() {
        return new FailingOpener(source.opener(), rank, step, fault, failed.toString());
    }

    @Override
    public void requireUnchanged() {
        source.requireUnchanged();
    }

    @Override
    public void close() {
        source.close();
    }

    private record FailingOpener(Opener opener, int failingRank, long failingStep, Fault fault, String mark)
            implements Opener {
        @Override
        public RankBatches open(int rank, int ranks, Iterator<byte[]> feed) {
            RankBatches batches = opener.open(rank, ranks, feed);
            return (step, into) -> {
                if (rank == failingRank
                        && step == failingStep
                        && Path.of(mark).toFile().mkdir()) {
                    fault.strike();
                }
                batches.read(step, into);
            };
        }
    }
}
