package siglip.job.cli;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import siglip.job.config.LoadedSettings;
import siglip.job.export.Export;
import siglip.job.files.OwnFolder;

@Command(
        name = "export",
        description = {
            "Writes what a run starts from, so that another program can train the same models on the same batches:"
                    + " features, tokens, order of pairs, held-out rows, initial parameters, settings.",
            "scripts/bench/twin.py reads it."
        })
final class ExportCommand implements Callable<Integer> {
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

    @Mixin
    private Overwrite overwrite;

    @Override
    public Integer call() throws IOException {
        LoadedSettings loaded = options.load(List.of());
        try (SparkSession spark = Sessions.open("export", loaded.settings().run())) {
            OwnFolder folder = OutputFolder.claim(out, spark.sparkContext().hadoopConfiguration(), overwrite.earlier());
            Export.write(spark, loaded.settings(), loaded.rendered(), folder);
        }
        spec.commandLine()
                .getOut()
                .println("Wrote the start of a run with seed %d to %s"
                        .formatted(loaded.settings().run().seed(), out));
        return ExitCode.OK.code();
    }
}
