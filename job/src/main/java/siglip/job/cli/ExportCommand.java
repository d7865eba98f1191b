package siglip.job.cli;

import java.util.List;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import siglip.job.config.LoadedSettings;
import siglip.job.export.Export;

@Command(
        name = "export",
        description = {
            "Writes what a run starts from, so that another program can train the same models on the same batches:"
                    + " features, tokens, order of pairs, held-out rows, initial parameters, settings.",
            "scripts/bench/twin.py reads it."
        })
final class ExportCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Mixin
    private SettingsOptions options;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "Folder for the files; a path on any Hadoop file system.")
    private String out;

    @Override
    public void run() {
        LoadedSettings loaded = options.load(List.of());
        try (SparkSession spark = Sessions.open("export", loaded.settings().run())) {
            OutputFolder.check("--out", out, spark.sparkContext().hadoopConfiguration());
            Export.write(spark, loaded.settings(), loaded.rendered(), out);
        }
        spec.commandLine()
                .getOut()
                .println("Wrote the start of a run with seed %d to %s"
                        .formatted(loaded.settings().run().seed(), out));
    }
}
