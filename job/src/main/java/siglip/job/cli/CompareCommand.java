package siglip.job.cli;

import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import siglip.job.config.CheckpointSettings;
import siglip.job.config.LoadedSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.figures.RunFigures;
import siglip.job.files.Earlier;
import siglip.job.report.SummaryTable;
import siglip.job.runs.RunFolder;
import siglip.job.study.StudyPlan;

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

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = {
                "Runs the comparison with N seeds, from run.seed on, in <out>/<name>/seed-<seed>/, and says with intervals in what the arms differ.",
                "Given again, it runs what is missing. The command study varies other settings as well."
            })
    private Optional<String> seeds = Optional.empty();

    @Override
    public Integer call() throws IOException {
        List<String> more = new ArrayList<>();
        resume.ifPresent(where -> more.add("checkpoint.resume=" + where));
        if (takeOver) {
            more.add("checkpoint.take-over=true");
        }
        seeds.ifPresent(count -> more.add("study.seeds=" + count));
        LoadedSettings loaded = options.load(more);
        Settings settings = loaded.settings();
        if (!settings.study().axes().isEmpty()) {
            throw new SettingsException(
                    List.of("study.axes: compare varies no settings but the seed. Give the command study"));
        }
        Earlier earlier = overwrite ? Earlier.OVERWRITE : Earlier.KEEP;
        PrintWriter out = spec.commandLine().getOut();
        if (seeds.isPresent()) {
            StudyRuns.run(StudyPlan.of(options.sources(more)), earlier, out);
            return ExitCode.OK.code();
        }
        PrintStream terminal = System.out; // stays open
        Optional<SingleRun.Outcome> outcome;
        try (SparkSession spark = Sessions.open("compare " + settings.run().name(), settings)) {
            // A run without a result does not end, or the next call would say that it is done.
            outcome = SingleRun.run(
                    spark, loaded, earlier, terminal, SingleRun::hasResult, folder -> wayOn(settings, folder));
        }
        if (outcome.isEmpty()) {
            out.println("Already done: %s holds this run. Add --overwrite to run it again"
                    .formatted(settings.run().folder()));
            return ExitCode.OK.code();
        }
        RunFigures figures = outcome.get().figures();
        out.println();
        out.println(SummaryTable.of(figures));
        out.println("Report: " + outcome.get().files().readableReport());
        if (!SingleRun.hasResult(figures)) {
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
}
