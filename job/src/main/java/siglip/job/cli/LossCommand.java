package siglip.job.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import picocli.CommandLine.TypeConversionException;
import siglip.job.config.Choice;
import siglip.job.config.DataSettings.Format;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.files.FileSystems;
import siglip.job.losses.LossJob;
import siglip.job.losses.LossRequest;
import siglip.job.losses.LossResult;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;

@Command(
        name = "loss",
        description = {
            "Computes the loss of given embeddings and its gradients, and prints one JSON object.",
            "Both are in open_clip's scaling: divided by the number of pairs.",
            "Embeddings are used as they are: normalise them first if you want the loss of unit vectors.",
            "A loss that solves for its bias prints that too, as bias: it is 0 where no pair is a negative.",
            "Products are computed in float32. Of embeddings longer than about 1e15 it has little range left: at 1e18, the"
                    + " gradient of the softmax's scale is off by about 1 %%. What is no number is null."
        })
final class LossCommand implements Runnable {
    private static final double MOST = 1e30;

    private CommandSpec spec;

    /** Losses by the names that settings use. */
    private static final class Losses implements ITypeConverter<Loss>, Iterable<String> {
        @Override
        public Loss convert(String name) {
            try {
                return Loss.of(name);
            } catch (IllegalArgumentException e) {
                throw new TypeConversionException(e.getMessage());
            }
        }

        @Override
        public Iterator<String> iterator() {
            return Stream.of(Loss.values()).map(Loss::id).iterator();
        }
    }

    /** Each scalar of a loss has an option of its name, and its gradient a key. */
    @Spec
    void use(CommandSpec command) {
        spec = command;
        command.usageMessage()
                .footer(Stream.of(LossScalar.values())
                        .map(LossCommand::key)
                        .collect(Collectors.joining(
                                ", ", "%nKeys of the object: loss, ", ", image_gradient_norm, text_gradient_norm.")));
        for (LossScalar scalar : LossScalar.values()) {
            command.addOption(OptionSpec.builder(option(scalar))
                    .paramLabel("VALUE")
                    .type(Double.class)
                    .description("%s of the losses that learn it: %s."
                            .formatted(scalar.title(), losses(loss -> loss.has(scalar) && !loss.solves(scalar))))
                    .build());
        }
        for (LossOption option : LossOption.values()) {
            command.addOption(OptionSpec.builder(option(option))
                    .paramLabel("VALUE")
                    .type(option.isFlag() ? Boolean.class : Double.class)
                    .description("As in loss.arms; of the losses %s.".formatted(losses(loss -> loss.has(option))))
                    .build());
        }
    }

    private static String losses(Predicate<Loss> which) {
        return Stream.of(Loss.values()).filter(which).map(Loss::id).collect(Collectors.joining(", "));
    }

    private static String option(LossScalar scalar) {
        return "--" + scalar.shownName();
    }

    private static String option(LossOption option) {
        return "--" + option.id();
    }

    private static String key(LossScalar scalar) {
        return "d_" + scalar.id();
    }

    @Mixin
    private SettingsOptions options;

    @Option(
            names = "--input",
            paramLabel = "PATH",
            required = true,
            description = {
                "File or folder with one pair per row, read in the order of files and rows.",
                "Parquet, or JSON lines with arrays of numbers; --set data.format=... says which."
            })
    private String input;

    @Option(names = "--image-column", paramLabel = "NAME", required = true, description = "Column of image embeddings.")
    private String imageColumn;

    @Option(names = "--text-column", paramLabel = "NAME", required = true, description = "Column of text embeddings.")
    private String textColumn;

    @Option(
            names = "--loss",
            paramLabel = "LOSS",
            required = true,
            converter = Losses.class,
            completionCandidates = Losses.class,
            description = "One of ${COMPLETION-CANDIDATES}.")
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
        refuseDuplicates(settings.loss().duplicates());
        LossRequest request = request(settings.data().format(), settings.run().ranks());
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
            put(answer, "loss", found.loss());
            found.solved().forEach((scalar, value) -> put(answer, scalar, value));
            for (LossScalar scalar : LossScalar.values()) {
                put(answer, key(scalar), found.scalarGradients().getOrDefault(scalar.id(), 0.0));
            }
            put(answer, "image_gradient_norm", found.imageGradientNorm());
            put(answer, "text_gradient_norm", found.textGradientNorm());
        }
        spec.commandLine().getOut().println(oneLine ? answer.toString() : answer.toPrettyString());
    }

    /** JSON has no NaN and no infinity. */
    private static void put(ObjectNode answer, String key, double value) {
        if (Double.isFinite(value)) {
            answer.put(key, value);
        } else {
            answer.putNull(key);
        }
    }

    /** Given embeddings name no concepts. */
    private static void refuseDuplicates(DuplicatePolicy duplicates) {
        if (duplicates != DuplicatePolicy.IGNORE) {
            throw new SettingsException(List.of(
                    "loss.duplicates = %s cannot be used by this command, which knows no concepts: add --set loss.duplicates=ignore"
                            .formatted(Choice.name(duplicates))));
        }
    }

    private String path(String folder) {
        try {
            return FileSystems.path(folder).toString();
        } catch (IOException e) {
            throw wrong("Cannot write gradients to %s: %s".formatted(folder, e.getMessage()));
        }
    }

    /** Before the work, since Spark would refuse to write only after it. Makes the folders above. */
    private void refuseExisting(String folder, Configuration hadoop) {
        String why;
        try {
            Path path = FileSystems.path(folder);
            FileSystem files = FileSystems.of(path, hadoop);
            if (!files.exists(path) && !FileSystems.isLink(files, path)) {
                files.mkdirs(path.getParent());
                return;
            }
            why = "it exists already. Remove it, or name another folder with --gradients";
        } catch (IOException e) {
            why = String.valueOf(e.getMessage());
        }
        throw wrong("Cannot write gradients to %s: %s".formatted(folder, why));
    }

    private LossRequest request(Format format, int d) {
        List<Double> values = new ArrayList<>();
        for (LossScalar scalar : LossScalar.values()) {
            Double given = spec.findOption(option(scalar)).getValue();
            if (loss.solves(scalar) && given != null) {
                throw wrong("Cannot use %s with --loss %s: this loss computes its %s, and prints it"
                        .formatted(option(scalar), loss.id(), scalar.shownName()));
            } else if (loss.solves(scalar)) {
                values.add(0.0);
            } else if (loss.has(scalar)) {
                values.add(learned(scalar, given));
            } else if (given != null) {
                throw wrong("Cannot use %s with --loss %s: this loss has no %s"
                        .formatted(option(scalar), loss.id(), scalar.shownName()));
            }
        }
        Map<LossOption, Double> fixed = new EnumMap<>(LossOption.class);
        for (LossOption option : LossOption.values()) {
            Object given = spec.findOption(option(option)).getValue();
            if (given instanceof Double number) {
                fixed.put(option, number);
            } else if (Boolean.TRUE.equals(given)) {
                fixed.put(option, 1.0);
            }
        }
        try {
            return new LossRequest(
                    input,
                    format,
                    imageColumn,
                    textColumn,
                    new LossForm(loss, fixed),
                    new LossScalars(loss, values),
                    d,
                    gradients.map(this::path));
        } catch (IllegalArgumentException e) {
            throw wrong(e.getMessage());
        }
    }

    private double learned(LossScalar scalar, Double given) {
        if (given == null) {
            throw wrong("Missing required option for --loss %s: '%s=VALUE'".formatted(loss.id(), option(scalar)));
        }
        double learned = scalar.learned(given);
        if (!Double.isFinite(learned)) {
            throw wrong(
                    "Cannot use a %s of %s: %s would be %s".formatted(scalar.shownName(), given, scalar.id(), learned));
        }
        double size = Math.abs(given);
        if (size > MOST || (size < 1 / MOST && size != 0)) {
            throw wrong(
                    "Cannot use a %s of %s: float32 computes with 1e-30 to 1e30".formatted(scalar.shownName(), given));
        }
        return learned;
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
