package siglip.job.comparison;

import java.io.IOException;
import java.io.Serializable;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import siglip.job.config.Settings;
import siglip.job.data.BatchPlan;
import siglip.job.data.BatchSource;
import siglip.job.data.PairShape;
import siglip.job.data.RankBatches;

/** A comparison in which something happens once to one rank, in its own process, as it reads the batch of one step. */
public final class FaultyComparison {
    private FaultyComparison() {}

    /** What happens; ships with the stage. */
    public interface Fault extends Serializable {
        void strike();
    }

    /** Runs a comparison; {@code fault} strikes rank {@code rank} at step {@code step}, and never again. */
    public static ComparisonResult run(
            SparkSession session, Settings settings, RunListener listener, int rank, long step, Fault fault)
            throws IOException {
        String mark = Files.createTempDirectory("fault").resolve("struck").toString();
        return Comparison.run(
                session, settings, "", listener, source -> new FaultySource(source, rank, step, fault, mark));
    }

    private record FaultySource(BatchSource source, int rank, long step, Fault fault, String mark)
            implements BatchSource {
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
        public JavaRDD<byte[]> feed(JavaSparkContext spark, int ranks, long from, long to) {
            return source.feed(spark, ranks, from, to);
        }

        @Override
        public Opener opener() {
            return new FaultyOpener(source.opener(), rank, step, fault, mark);
        }

        @Override
        public void close() {
            source.close();
        }
    }

    private record FaultyOpener(BatchSource.Opener opener, int struck, long when, Fault fault, String mark)
            implements BatchSource.Opener {
        @Override
        public RankBatches open(int rank, int ranks, Iterator<byte[]> feed) {
            RankBatches batches = opener.open(rank, ranks, feed);
            return (step, into) -> {
                if (rank == struck && step == when && Path.of(mark).toFile().mkdir()) {
                    fault.strike();
                }
                batches.read(step, into);
            };
        }
    }
}
