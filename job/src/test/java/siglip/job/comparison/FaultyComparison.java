package siglip.job.comparison;

import java.io.IOException;
import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import siglip.job.config.Settings;
import siglip.job.training.FailingSource;

/** A comparison in which something happens once to one rank, in its own process, as it reads the batch of one step. */
public final class FaultyComparison {
    private FaultyComparison() {}

    /** Runs a comparison; {@code fault} strikes rank {@code rank} at step {@code step}, and never again. */
    public static ComparisonResult run(
            SparkSession session,
            Settings settings,
            RunListener listener,
            int rank,
            long step,
            FailingSource.Fault fault)
            throws IOException {
        return new Comparison(
                        session,
                        settings,
                        Optional.empty(),
                        listener,
                        source -> new FailingSource(source, rank, step, fault))
                .run("");
    }
}
