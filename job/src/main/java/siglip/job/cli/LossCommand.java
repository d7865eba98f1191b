package siglip.job.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.files.FileSystems;
import siglip.job.losses.LossJob;
import siglip.job.losses.LossRequest;
import siglip.job.losses.LossResult;

@Command(
        name = "loss",
        description = {
            "Computes the loss of given embeddings and its gradients, and prints one JSON object.",
            "Both are in open_clip's scaling: divided by the number of pairs.",
            "Embeddings are used as they are: normalise them first if you want the loss of unit vectors.",
            "Keys: loss, d_log_scale, d_bias, image_gradient_norm, text_gradient_norm."
        })
final class LossCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

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
    private LossSettings.Kind kind;

    @Option(names = "--scale", paramLabel = "T", required = true, description = "Logit scale t, above 0.")
    private double scale;

    @Option(
            names = "--bias",
            paramLabel = "B",
            description = "Logit bias b; required for sigmoid, without effect on softmax.")
    private Optional<Double> bias = Optional.empty();

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
    public Integer call() {
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
            answer.put("d_log_scale", found.logScaleGradient());
            answer.put("d_bias", found.biasGradient());
            answer.put("image_gradient_norm", found.imageGradientNorm());
            answer.put("text_gradient_norm", found.textGradientNorm());
        }
        spec.commandLine().getOut().println(oneLine ? answer.toString() : answer.toPrettyString());
        return ExitCode.OK.code();
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
        if (kind == LossSettings.Kind.SIGMOID && bias.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "Missing required option for --loss sigmoid: '--bias=B'");
        }
        try {
            return new LossRequest(input, imageColumn, textColumn, kind, scale, bias.orElse(0.0), d, gradients);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
