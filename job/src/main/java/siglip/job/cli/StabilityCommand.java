package siglip.job.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import siglip.job.checkpoint.StoredCheckpoint;
import siglip.job.config.LoadedSettings;
import siglip.job.config.Settings.Measure;
import siglip.job.config.SettingsException;
import siglip.job.files.Redaction;
import siglip.job.frozen.CheckpointMeasurement;
import siglip.job.frozen.FrozenFigures;
import siglip.job.frozen.FrozenJson;
import siglip.job.frozen.FrozenTable;
import siglip.job.runs.NamedCheckpoint;

@Command(
        name = "stability",
        description = {
            "Measures the losses of the settings at parameters that stay as they are: noise of the gradient, angles between the losses'"
                    + " gradients, and curvature along the gradient and along the mean logit.",
            "Whose parameters: each arm of each checkpoint. Whose gradient: each of loss.arms. All on the same batches."
        })
final class StabilityCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOptions options;

    @Option(
            names = "--checkpoint",
            paramLabel = "PATH",
            required = true,
            description = "A checkpoint, or the folder of a run, whose newest is taken. May be given many times.")
    private List<String> paths;

    @Option(
            names = "--batches",
            paramLabel = "K",
            defaultValue = "32",
            description = "Global batches, each drawn anew from the whole training set (default: ${DEFAULT-VALUE}).")
    private int batches;

    @Option(names = "--json", description = "Prints one JSON object, for programs.")
    private boolean json;

    @Override
    public Integer call() {
        if (batches < Measure.LEAST_BATCHES || batches > Measure.MOST_BATCHES) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Cannot measure on %d batches: --batches takes %d to %,d"
                            .formatted(batches, Measure.LEAST_BATCHES, Measure.MOST_BATCHES));
        }
        LoadedSettings loaded = options.load(List.of());
        PrintWriter err = Redaction.writer(spec.commandLine().getErr());
        try (SparkSession spark = Sessions.open("stability", loaded.settings())) {
            List<StoredCheckpoint> checkpoints = new ArrayList<>();
            for (String path : paths) {
                checkpoints.add(read(path, spark, err));
            }
            FrozenFigures figures =
                    CheckpointMeasurement.run(spark, loaded, checkpoints, batches, text -> say(err, text));
            spec.commandLine()
                    .getOut()
                    .println(
                            json
                                    ? FrozenJson.of(figures).toPrettyString()
                                    : FrozenTable.of(figures).stripTrailing());
        }
        return ExitCode.OK.code();
    }

    private static void say(PrintWriter err, String text) {
        err.println(text);
        err.flush();
    }

    private static StoredCheckpoint read(String path, SparkSession spark, PrintWriter err) {
        try {
            return NamedCheckpoint.read(path, spark.sparkContext().hadoopConfiguration(), warning -> say(err, warning));
        } catch (IOException e) {
            throw new SettingsException(List.of("--checkpoint: cannot read %s: %s".formatted(path, e.getMessage())));
        }
    }
}
