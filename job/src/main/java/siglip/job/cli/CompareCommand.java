package siglip.job.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import siglip.job.comparison.Comparison;
import siglip.job.config.CheckpointSettings;
import siglip.job.config.LoadedSettings;
import siglip.job.config.Settings;
import siglip.job.data.PairData;
import siglip.job.figures.RunFigures;
import siglip.job.files.Earlier;
import siglip.job.formats.DataFormat;
import siglip.job.report.RunFiles;
import siglip.job.report.SummaryTable;
import siglip.job.runs.RunFolder;
import siglip.job.trackers.Trackers;

@Command(
        name = "compare",
        description = {
            "Trains the arms of a comparison side by side, on the same batches from the same start, and writes a report.",
            "Without options: the SigLIP arm beside the CLIP arm on the sample in data/emoji."
        })
final class CompareCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions options;

    @Option(
            names = "--overwrite",
            description = {
                "Replaces an earlier run of that name that has ended or had other settings.",
                "An unfinished run with the same settings is resumed; --resume never starts it again."
            })
    private boolean overwrite;

    @Option(
            names = "--resume",
            paramLabel = "auto|never|PATH",
            description =
                    "Where to start; short for --set checkpoint.resume=... PATH is a checkpoint or a run's folder.")
    private Optional<String> resume = Optional.empty();

    @Option(
            names = "--take-over",
            description =
                    "Resumes a run although its driver is still alive; short for --set checkpoint.take-over=true.")
    private boolean takeOver;

    @Override
    public Integer call() throws IOException {
        List<String> more = new ArrayList<>();
        resume.ifPresent(where -> more.add("checkpoint.resume=" + where));
        if (takeOver) {
            more.add("checkpoint.take-over=true");
        }
        LoadedSettings loaded = options.load(more);
        Settings settings = loaded.settings();
        PrintWriter out = spec.commandLine().getOut();
        PrintStream terminal = System.out; // stays open
        RunFigures figures;
        RunFiles files;
        boolean finished;
        try (SparkSession spark = Sessions.open("compare " + settings.run().name(), settings)) {
            Configuration hadoop = spark.sparkContext().hadoopConfiguration();
            try (Trackers trackers = Trackers.open(settings, hadoop, terminal);
                    RunFolder folder = OutputFolder.open(
                            loaded, hadoop, overwrite ? Earlier.OVERWRITE : Earlier.KEEP, trackers::phase)) {
                String dataFiles = DataFormat.fingerprint(spark, settings.data().path());
                if (folder.isDone()) {
                    if (!folder.wasOf(dataFiles)) {
                        checkData(spark, settings, folder);
                    }
                    out.println("Already done: %s holds this run. Add --overwrite to run it again"
                            .formatted(settings.run().folder()));
                    return ExitCode.OK.code();
                }
                WayOn.is(() -> wayOn(settings, folder));
                trackers.begin();
                figures = RunFigures.of(Comparison.run(spark, settings, loaded.rendered(), folder, trackers));
                files = RunFiles.write(figures, hadoop);
                finished = figures.arms().stream().anyMatch(arm -> arm.stopped().isEmpty());
                if (finished) { // or the next call would say that the run is done
                    folder.finish(dataFiles);
                }
                trackers.end(figures);
            }
        }
        out.println();
        out.println(SummaryTable.of(figures));
        out.println("Report: " + files.readableReport());
        if (!finished) {
            out.flush();
            throw new NoResultException(figures);
        }
        return ExitCode.OK.code();
    }

    private static String wayOn(Settings settings, RunFolder folder) {
        if (folder.saved() == 0) {
            return "give the same command again, and the run starts anew: it had no checkpoint yet";
        }
        boolean auto = settings.checkpoint().resume().equals(CheckpointSettings.AUTO);
        return "give the same command again%s, and the run goes on from its checkpoint of step %d"
                .formatted(auto ? "" : " with --resume auto", folder.saved());
    }

    /** The path of the data is no part of what names a run: what lies there now may be something else, or nothing. */
    private static void checkData(SparkSession spark, Settings settings, RunFolder folder) throws IOException {
        try (PairData data =
                PairData.open(spark, settings.data(), settings.towers().table().buckets())) {
            folder.start(data.summary().fingerprint());
        }
    }
}
