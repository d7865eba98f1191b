package siglip.job.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.sql.SparkSession;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;
import siglip.job.data.prepare.EmojiJars;
import siglip.job.data.prepare.EmojiPairs;
import siglip.job.files.OwnFolder;

@Command(
        name = "emoji",
        description = {
            "Draws emojis and pairs them with their CLDR names and keywords. Both come from Maven artefacts.",
            "scripts/run-local fetches these; without it, use mvn dependency:copy."
        })
final class PrepareEmojiCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Option(
            names = "--full",
            description = "All eight sets of drawings: five under CC-BY and CC-BY-SA beside the three"
                    + " under Apache-2.0 and MIT.")
    private boolean full;

    @Option(
            names = "--out",
            paramLabel = "DIR",
            required = true,
            description = "Folder for pairs.parquet and NOTICE.md; a path on any Hadoop file system.")
    private String out;

    @Option(
            names = "--artefacts",
            paramLabel = "DIR",
            defaultValue = "${sys:job.artefacts:-target/artefacts}",
            description =
                    "Local folder with iconify__json-2.2.378.jar and jemoji-2.0.0.jar (default: ${DEFAULT-VALUE}).")
    private Path artefacts;

    @Mixin
    private Overwrite overwrite;

    @Override
    public Integer call() throws IOException {
        EmojiJars jars =
                new EmojiJars(artefacts.resolve("iconify__json-2.2.378.jar"), artefacts.resolve("jemoji-2.0.0.jar"));
        List<String> vendors = full ? EmojiPairs.ALL : EmojiPairs.SAMPLE;
        try (SparkSession spark = Sessions.open("prepare emoji")) {
            OwnFolder folder = OutputFolder.claim(out, spark.sparkContext().hadoopConfiguration(), overwrite.earlier());
            long pairs = EmojiPairs.write(spark, jars, vendors, folder);
            spec.commandLine().getOut().println("Wrote %,d pairs of %s to %s".formatted(pairs, vendors, out));
        }
        return ExitCode.OK.code();
    }
}
