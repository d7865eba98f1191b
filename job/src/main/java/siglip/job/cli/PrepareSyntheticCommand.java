package siglip.job.cli;

import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;
import siglip.job.data.prepare.SyntheticPairs;
import siglip.job.files.OwnFolder;

@Command(
        name = "synthetic",
        description = {
            "Makes pairs of features with a known amount of signal: both sides are projections of one latent vector, plus noise.",
            "Columns: id, image, text. Matching settings: conf/synthetic.conf."
        })
final class PrepareSyntheticCommand implements Callable<Integer> {
    private static final long MOST_ROWS = 1_000_000_000_000L;
    private static final int WIDEST = 1 << 16;
    private static final int MOST_LATENT = 1 << 10; // each task holds a matrix of both widths
    private static final int MOST_FILES = 100_000;

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
            description = "Folder for the pairs; a path on any Hadoop file system.")
    private String out;

    @Mixin
    private Overwrite overwrite;

    @Override
    public Integer call() throws IOException {
        SyntheticPairs.Spec wanted = wanted();
        try (SparkSession spark = Sessions.open("prepare synthetic")) {
            OwnFolder folder = OutputFolder.claim(out, spark.sparkContext().hadoopConfiguration(), overwrite.earlier());
            SyntheticPairs.write(spark, wanted, folder);
        }
        spec.commandLine().getOut().println("Wrote %,d pairs to %s".formatted(rows, out));
        return ExitCode.OK.code();
    }

    private void check(String option, long given, long most) {
        if (given < 1 || given > most) {
            throw new ParameterException(
                    spec.commandLine(), "%s must be from 1 to %d, found %d".formatted(option, most, given));
        }
    }

    private SyntheticPairs.Spec wanted() {
        check("--rows", rows, MOST_ROWS);
        check("--width", width, WIDEST);
        textWidth.ifPresent(floats -> check("--text-width", floats, WIDEST));
        check("--latent", latent, MOST_LATENT);
        check("--files", files, MOST_FILES);
        try {
            return new SyntheticPairs.Spec(rows, width, textWidth.orElse(width), latent, signal, seed, files);
        } catch (IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }
}
