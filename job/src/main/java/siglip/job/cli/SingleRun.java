package siglip.job.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Predicate;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import siglip.job.comparison.Comparison;
import siglip.job.config.LoadedSettings;
import siglip.job.config.Settings;
import siglip.job.data.PairData;
import siglip.job.figures.RunFigures;
import siglip.job.files.Earlier;
import siglip.job.formats.DataFormat;
import siglip.job.report.RunFiles;
import siglip.job.runs.RunFolder;
import siglip.job.trackers.Trackers;

/** One comparison in the folder that its settings name. */
final class SingleRun {
    private SingleRun() {}

    /** What a run left just now. */
    record Outcome(RunFigures figures, RunFiles files) {}

    /**
     * Runs it, or goes on with it.
     *
     * @param ends whether a run with these figures has ended, and need not be run again
     * @param wayOn what to do if the program ends before the run does
     * @return empty if the run has ended before
     */
    static Optional<Outcome> run(
            SparkSession spark,
            LoadedSettings loaded,
            Earlier earlier,
            PrintStream terminal,
            Predicate<RunFigures> ends,
            Function<RunFolder, String> wayOn)
            throws IOException {
        Settings settings = loaded.settings();
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        try (Trackers trackers = Trackers.open(settings, hadoop, terminal);
                RunFolder folder = OutputFolder.open(loaded, hadoop, earlier, trackers::phase)) {
            String dataFiles = DataFormat.fingerprint(spark, settings.data().path());
            if (folder.isDone()) {
                if (!folder.wasOf(dataFiles)) {
                    checkData(spark, settings, folder);
                }
                return Optional.empty();
            }
            WayOn.is(() -> wayOn.apply(folder));
            trackers.begin();
            RunFigures figures = RunFigures.of(Comparison.run(spark, settings, loaded.rendered(), folder, trackers));
            RunFiles files = RunFiles.write(figures, hadoop);
            if (ends.test(figures)) {
                folder.finish(dataFiles);
            }
            trackers.end(figures);
            return Optional.of(new Outcome(figures, files));
        }
    }

    /** Whether any arm trained to its end. */
    static boolean hasResult(RunFigures figures) {
        return figures.arms().stream().anyMatch(arm -> arm.stopped().isEmpty());
    }

    /** The path of the data is no part of what names a run: what lies there now may be something else, or nothing. */
    private static void checkData(SparkSession spark, Settings settings, RunFolder folder) throws IOException {
        try (PairData data =
                PairData.open(spark, settings.data(), settings.towers().table().buckets())) {
            folder.start(data.summary().fingerprint());
        }
    }
}
