package siglip.job.cli;

import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import siglip.job.batches.BatchSource;
import siglip.job.config.Choice;
import siglip.job.config.DataSettings.Columns;
import siglip.job.config.LoadedSettings;
import siglip.job.config.Settings;
import siglip.job.data.DataSummary;
import siglip.job.data.PairData;
import siglip.job.features.FeatureNames;
import siglip.job.model.TowerStarts;
import siglip.job.planning.RunLimits;
import siglip.job.towers.ModelSpec;

@Command(name = "validate", description = "Checks settings and data without training.")
final class ValidateCommand implements Runnable {
    private static final int FIRST_ROWS = 5;

    @Spec
    private CommandSpec spec;

    @Mixin
    private RunOptions options;

    @Option(names = "--show", description = "Prints all settings, including defaults.")
    private boolean show;

    @Override
    public void run() {
        PrintWriter out = spec.commandLine().getOut();
        LoadedSettings loaded = options.load(List.of());
        if (show) {
            out.print(loaded.rendered());
            out.flush();
        }
        Settings settings = loaded.settings();
        try (SparkSession spark = Sessions.open("validate " + settings.run().name(), settings)) {
            OutputFolder.check(settings.run().folder(), spark.sparkContext().hadoopConfiguration());
            out.println("reading pairs from " + settings.data().path());
            out.flush();
            Configuration hadoop = spark.sparkContext().hadoopConfiguration();
            TowerStarts starts = TowerStarts.read(settings.loss().arms(), hadoop);
            try (PairData data = PairData.open(
                            spark, settings.data(), settings.towers().table().buckets(), starts.scaling());
                    BatchSource batches = data.source(
                            settings.training().batchSize(),
                            settings.training().textsPerImage(),
                            settings.run().seed())) {
                ModelSpec model = ModelSpec.of(settings.towers(), data.shape(), hadoop);
                starts.check(model, data.features());
                RunLimits.check(settings, model, Runtime.getRuntime().maxMemory());
                out.println("The settings can be used.");
                print(data.summary(), batches, out);
                print(settings.data().columns(), data.features(), out);
                out.println("  first rows");
                data.firstRows(FIRST_ROWS).forEach(row -> out.println("    " + row));
            }
        }
    }

    private static void print(Columns columns, FeatureNames features, PrintWriter out) {
        List<String> used = new ArrayList<>();
        used.add("image = %s (%s)".formatted(columns.image(), features.image()));
        used.add("text = %s (%s)".formatted(String.join(", ", columns.text()), features.text()));
        columns.keywords().ifPresent(name -> used.add("keywords = " + name));
        columns.concept().ifPresent(name -> used.add("concept = " + name));
        columns.classes().forEach(name -> used.add("class " + name));
        out.println("  columns      " + String.join(", ", used));
        out.println("  ids          in the order of "
                + columns.key().map(name -> "column " + name).orElse("files and rows"));
    }

    private static void print(DataSummary data, BatchSource batches, PrintWriter out) {
        out.println("%s can be used: %s, %,d rows, files: %d"
                .formatted(data.path(), data.form(), data.rows(), data.files()));
        data.ignored().forEach(reason -> out.println("  other files  " + reason));
        out.println("  to train on  %,d rows, %,d bytes as features, %s"
                .formatted(data.training(), data.packedBytes(), Choice.name(data.source())));
        if (data.heldOut().isEmpty()) {
            out.println("  held out     none");
        }
        data.heldOut().forEach((set, rows) -> out.println("  held out     " + set.of("%,d rows".formatted(rows))));
        if (data.leftOutConcepts() > 0) {
            out.println("  left out     %,d of %,d concepts".formatted(data.leftOutConcepts(), data.concepts())
                    + (data.leftOut() == 0 ? "" : " with %,d rows, not evaluated on either".formatted(data.leftOut())));
        }
        out.println("  a pair       image of %,d floats, text of %s"
                .formatted(
                        batches.shape().imageWidth(),
                        batches.shape().textIsTokens()
                                ? "tokens"
                                : "%,d floats".formatted(batches.shape().textWidth())));
        out.println("  scaling      image %s, text %s"
                .formatted(
                        data.scaling().image().kind().key(),
                        data.scaling().text().kind().key()));
        data.remarks().forEach((what, which) -> out.println("    %s: %s".formatted(what, which)));
        out.println("  skipped      %,d rows".formatted(data.skippedRows()));
        data.skipped().forEach(reason -> out.println("    " + reason));
        data.absent().forEach(reason -> out.println("  no pair      " + reason));
        out.println("  fingerprint  " + data.fingerprint());
    }
}
