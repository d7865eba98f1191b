package siglip.job.cli;

import java.util.Optional;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import siglip.job.data.prepare.SyntheticPairs;

@Command(
        name = "synthetic",
        description = {
            "Makes pairs of features with a known amount of signal: both sides are projections of one latent vector, plus noise.",
            "Columns: id, image, text. Matching settings: conf/synthetic.conf."
        })
final class PrepareSyntheticCommand implements Runnable {
    @Spec
    private CommandSpec spec;

    @Option(names = "--rows", paramLabel = "N", required = true, description = "Number of pairs.")
    private long rows;

    @Option(names = "--width", paramLabel = "N", required = true, description = "Floats per image.")
    private int width;

    @Option(names = "--text-width", paramLabel = "N", description = "Floats per text (default: as many as per image).")
    private Optional<Integer> textWidth = Optional.empty();

    @Option(
            names = "--latent",
            paramLabel = "N",
            defaultValue = "32",
            description = "Floats in the latent vector that image and text share (default: ${DEFAULT-VALUE}).")
    private int latent;

    @Option(
            names = "--signal",
            paramLabel = "S",
            required = true,
            description = "Variance of what both sides share, divided by that of the noise; 0 for no signal.")
    private double signal;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "Seed (default: ${DEFAULT-VALUE}).")
    private long seed;

    @Option(
            names = "--files",
            paramLabel = "N",
            defaultValue = "2",
            description =
                    "Number of files, and of tasks that write them (default: ${DEFAULT-VALUE}). Rows do not depend on it.")
    private int files;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "Folder for the pairs, which is overwritten; a path on any Hadoop file system.")
    private String out;

    @Override
    public void run() {
        SyntheticPairs.Spec wanted = wanted();
        try (SparkSession spark = Sessions.open("prepare synthetic")) {
            OutputFolder.check("--out", out, spark.sparkContext().hadoopConfiguration());
            SyntheticPairs.write(spark, wanted, out);
        }
        spec.commandLine().getOut().println("Wrote %,d pairs to %s".formatted(rows, out));
    }

    private SyntheticPairs.Spec wanted() {
        try {
            return new SyntheticPairs.Spec(rows, width, textWidth.orElse(width), latent, signal, seed, files);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
