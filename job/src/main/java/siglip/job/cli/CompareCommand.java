package siglip.job.cli;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import siglip.job.comparison.Comparison;
import siglip.job.comparison.ComparisonResult;
import siglip.job.config.LoadedSettings;
import siglip.job.config.Settings;
import siglip.job.report.ProgressPrinter;
import siglip.job.report.RunFiles;
import siglip.job.report.SummaryTable;

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

    @Option(names = "--overwrite", description = "Replaces an earlier run of that name.")
    private boolean overwrite;

    @Override
    public Integer call() throws IOException {
        LoadedSettings loaded = options.load();
        Settings settings = loaded.settings();
        ComparisonResult result;
        RunFiles files;
        try (SparkSession spark = Sessions.open("compare " + settings.run().name(), settings)) {
            OutputFolder.make(
                    settings.run(),
                    spark.sparkContext().hadoopConfiguration(),
                    overwrite ? OutputFolder.Earlier.OVERWRITE : OutputFolder.Earlier.KEEP);
            ProgressPrinter progress = ProgressPrinter.to(System.out, settings);
            try {
                result = Comparison.run(spark, settings, loaded.rendered(), progress);
            } finally {
                progress.finish();
            }
            files = RunFiles.write(result, spark.sparkContext().hadoopConfiguration());
        }
        PrintWriter out = spec.commandLine().getOut();
        out.println();
        out.println(SummaryTable.of(result));
        out.println("Report: " + files.readableReport());
        return ExitCode.OK.code();
    }
}
