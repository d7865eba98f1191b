package siglip.job.comparison;

import static org.apache.spark.sql.functions.col;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.OnLocalSpark;
import siglip.job.data.prepare.SyntheticPairs;
import siglip.job.files.OwnFolder;
import siglip.job.formats.DataException;
import siglip.job.training.StepRecord;

/** Files of the data set change while a run trains on them. */
class ChangedFilesIT extends OnLocalSpark {
    private static final long HARM_AT = 3; // in the first of four epochs

    private Path data;
    private Path file;
    private Path reordered;

    /** What becomes of a file. */
    private enum Harm {
        REORDERED("has changed from"),
        GARBLED("has changed from"),
        DELETED("has gone");

        private final String words;

        Harm(String words) {
            this.words = words;
        }
    }

    @BeforeEach
    void write() throws IOException {
        data = folder.resolve("data");
        SyntheticPairs.write(
                spark,
                new SyntheticPairs.Spec(400, 24, 20, 4, 4, 3, 2),
                OwnFolder.at(
                        new org.apache.hadoop.fs.Path(data.toString()),
                        spark.sparkContext().hadoopConfiguration()));
        file = part(data);
        Path other = folder.resolve("other");
        spark.read()
                .parquet(file.toString())
                .orderBy(col("id").desc())
                .coalesce(1)
                .write()
                .parquet(other.toString());
        reordered = part(other);
    }

    @ParameterizedTest
    @EnumSource(Harm.class)
    void anEpochThatWouldReadAChangedFileDoesNotBegin(Harm harm) {
        Recorder recorder = new Recorder(harm);

        assertThatThrownBy(() -> run("shuffled", recorder))
                .isInstanceOf(DataException.class)
                .hasMessageContaining(file.getFileName().toString())
                .hasMessageContaining(harm.words);
        assertThat(recorder.steps).as("to the end of the epoch").hasSize(2 * 10);
        assertThat(recorder.incidents).noneMatch(incident -> incident.contains("attempt"));
    }

    /** Such as what the run itself writes there. */
    @Test
    void aFileThatIsNotReadMayChange() throws IOException {
        file = Files.writeString(data.resolve("claim.txt"), "mine");
        Recorder recorder = new Recorder(Harm.DELETED);

        assertThat(run("shuffled", recorder).steps()).hasSize(2 * 40);
        assertThat(Files.exists(file)).isFalse();
    }

    @Test
    void aRunThatHoldsItsPairsReadsNoFileAgain() throws IOException {
        Recorder recorder = new Recorder(Harm.DELETED);

        assertThat(run("replicated", recorder).steps()).hasSize(2 * 40);
        assertThat(Files.exists(file)).isFalse();
    }

    private ComparisonResult run(String source, RunListener listener) {
        Settings settings = SettingsLoader.load(new SettingsSources(
                        List.of(
                                "data.path=" + data,
                                "data.source=" + source,
                                "data.columns.text=text",
                                "data.columns.keywords=null",
                                "data.columns.concept=null",
                                "data.columns.classes=[]",
                                "data.columns.key=id",
                                "data.train=null",
                                "data.test=null",
                                "data.left-out-every=0",
                                "training.steps=40",
                                "training.batch-size=40",
                                "evaluation.every-steps=40",
                                "training.warmup-steps=2",
                                "towers.width=8",
                                "towers.image.hidden=[8]",
                                "towers.text.hidden=[8]",
                                "run.ranks=2",
                                "run.out=" + folder.resolve("runs")),
                        Map.of(),
                        Map.of(),
                        Optional.empty()))
                .settings();
        return Comparison.run(spark, settings, "", listener);
    }

    private static Path part(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.filter(path -> path.toString().endsWith(".parquet"))
                    .sorted()
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Does harm at a step. */
    private final class Recorder implements RunListener {
        private final Harm harm;
        private final List<StepRecord> steps = new ArrayList<>();
        private final List<String> incidents = new ArrayList<>();
        private boolean done;

        Recorder(Harm harm) {
            this.harm = harm;
        }

        @Override
        public void step(StepRecord step) {
            steps.add(step);
            if (step.step() == HARM_AT && !done) {
                done = true;
                try {
                    switch (harm) {
                        case REORDERED -> Files.write(file, Files.readAllBytes(reordered));
                        case GARBLED -> Files.write(file, new byte[(int) Files.size(file)]);
                        case DELETED -> Files.delete(file);
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                }
            }
        }

        @Override
        public void incident(String text) {
            incidents.add(text);
        }
    }
}
