package siglip.job.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import siglip.job.config.Settings;
import siglip.job.files.FileSystems;
import siglip.job.losses.LossJob;
import siglip.job.losses.LossRequest;
import siglip.job.losses.LossResult;
import siglip.kernels.Loss;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;

@Command(
        name = "loss",
        description = {
            "Computes the loss of given embeddings and its gradients, and prints one JSON object.",
            "Both are in open_clip's scaling: divided by the number of pairs.",
            "Embeddings are used as they are: normalise them first if you want the loss of unit vectors.",
            "Keys: loss, d_log_scale, d_bias, image_gradient_norm, text_gradient_norm."
        })
final class LossCommand implements Runnable {
    private CommandSpec spec;

    /** Each scalar of a loss has an option of its name. */
    @Spec
    void use(CommandSpec command) {
        spec = command;
        for (LossScalar scalar : LossScalar.values()) {
            command.addOption(OptionSpec.builder(option(scalar))
                    .paramLabel("VALUE")
                    .type(Double.class)
                    .description("%s of the losses that learn it: %s."
                            .formatted(
                                    scalar.title(),
                                    Stream.of(Loss.values())
                                            .filter(loss -> loss.has(scalar))
                                            .map(Loss::id)
                                            .collect(Collectors.joining(", "))))
                    .build());
        }
    }

    private static String option(LossScalar scalar) {
        return "--" + scalar.shownName();
    }

    @Mixin
    private SettingsOptions options;

    @Option(
            names = "--input",
            paramLabel = "PATH",
            required = true,
            description = "Parquet file or folder with one pair per row, read in the order of files and rows.")
    private String input;

    @Option(names = "--image-column", paramLabel = "NAME", required = true, description = "Column of image embeddings.")
    private String imageColumn;

    @Option(names = "--text-column", paramLabel = "NAME", required = true, description = "Column of text embeddings.")
    private String textColumn;

    @Option(names = "--loss", paramLabel = "LOSS", required = true, description = "sigmoid or softmax.")
    private Loss loss;

    @Option(
            names = "--ranks",
            paramLabel = "D",
            description = "Number of tasks that compute it; short for --set run.ranks=D.")
    private Optional<Integer> ranks = Optional.empty();

    @Option(
            names = "--gradients",
            paramLabel = "DIR",
            description = "Writes the gradients of the embeddings to this folder, as Parquet. It must not exist yet.")
    private Optional<String> gradients = Optional.empty();

    @Option(names = "--json", description = "Prints the JSON object on one line, for programs.")
    private boolean oneLine;

    @Override
    public void run() {
        Settings settings =
                options.load(ranks.stream().map(d -> "run.ranks=" + d).toList()).settings();
        LossRequest request = request(settings.run().ranks());
        ObjectNode answer = JsonNodeFactory.instance.objectNode();
        try (SparkSession spark = Sessions.open("loss", settings)) {
            if (request.gradients().isPresent()) {
                refuseExisting(request.gradients().get(), spark.sparkContext().hadoopConfiguration());
            }
            LossResult found = LossJob.run(
                    spark,
                    request,
                    settings.ring(),
                    settings.loss().numerics(),
                    settings.run().coresPerRank());
            answer.put("loss", found.loss());
            for (LossScalar scalar : LossScalar.values()) {
                answer.put("d_" + scalar.id(), found.scalarGradients().getOrDefault(scalar.id(), 0.0));
            }
            answer.put("image_gradient_norm", found.imageGradientNorm());
            answer.put("text_gradient_norm", found.textGradientNorm());
        }
        spec.commandLine().getOut().println(oneLine ? answer.toString() : answer.toPrettyString());
    }

    /** Before the work, since Spark would refuse to write only after it. */
    private void refuseExisting(String folder, Configuration hadoop) {
        Path path = new Path(folder);
        String why;
        try {
            if (!FileSystems.of(path, hadoop).exists(path)) {
                return;
            }
            why = "it exists already. Remove it, or name another folder with --gradients";
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        }
        throw new ParameterException(spec.commandLine(), "Cannot write gradients to %s: %s".formatted(folder, why));
    }

    private LossRequest request(int d) {
        double[] values = loss.scalars().stream().mapToDouble(this::value).toArray();
        try {
            return new LossRequest(input, imageColumn, textColumn, LossScalars.of(loss, values), d, gradients);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private double value(LossScalar scalar) {
        Double given = spec.findOption(option(scalar)).getValue();
        if (given == null) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Missing required option for --loss %s: '%s=VALUE'".formatted(loss.id(), option(scalar)));
        }
        double learned = scalar.learned(given);
        if (!Double.isFinite(learned)) {
            throw new ParameterException(
                    spec.commandLine(),
                    "Cannot use a %s of %s: it must be a number%s"
                            .formatted(scalar.shownName(), given, Double.isFinite(scalar.least()) ? " above 0" : ""));
        }
        return learned;
    }
}
