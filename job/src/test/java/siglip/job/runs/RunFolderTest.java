package siglip.job.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.fs.FileSystem;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.checkpoint.FaultyFiles;
import siglip.job.checkpoint.RunIdentity;
import siglip.job.checkpoint.Samples;
import siglip.job.config.CheckpointSettings;
import siglip.job.config.SettingsException;
import siglip.job.files.Earlier;

class RunFolderTest {
    private static final RunIdentity SAME = RunIdentity.of(Samples.IDENTITY.settings());
    private static final RunIdentity OTHER = RunIdentity.of(Map.of("training.steps", "800", "run.seed", "1"));
    private static final String REPORT = "report.html";

    @TempDir
    Path runs;

    private FileSystem disk;
    private final List<String> messages = new ArrayList<>();

    @BeforeEach
    void openDisk() throws IOException {
        disk = Samples.disk();
    }

    @Test
    void aFolderWithoutARunStartsAnewAndGoesOnAfterItsCheckpoint() throws IOException {
        try (RunFolder run = open("x", "auto", SAME, Earlier.KEEP)) {
            assertThat(run.start("data")).isEmpty();
            write(run);
        }
        try (RunFolder run = open("x", "auto", SAME, Earlier.KEEP)) {
            assertThat(run.isDone()).isFalse();
            assertThat(run.start("data").orElseThrow().step()).isEqualTo(4);
        }
    }

    @Test
    void aRunOfOtherSettingsOrDataIsRefusedWithWhatWasAndWhatIs() throws IOException {
        interrupted("x");

        assertThatThrownBy(() -> open("x", "auto", OTHER, Earlier.KEEP))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("holds an unfinished run with 4 steps, of other settings")
                .hasMessageContaining(" (training.steps was 720, now 800): undo")
                .hasMessageContaining("--overwrite")
                .satisfies(e -> assertThat(((SettingsException) e).errors()).hasSize(1));
        try (RunFolder run = open("x", "auto", SAME, Earlier.KEEP)) {
            assertThatThrownBy(() -> run.start("other rows"))
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("the data were data, now other rows");
        }
        try (RunFolder run = open("x", "auto", SAME, Earlier.OVERWRITE)) {
            assertThat(run.start("other rows")).as("replaced").isEmpty();
        }
        interrupted("y");
        try (RunFolder run = open("y", "auto", OTHER, Earlier.OVERWRITE)) {
            assertThat(run.start("data")).as("replaced").isEmpty();
            assertThat(runs.resolve("y/checkpoints")).doesNotExist();
        }
    }

    @Test
    void aRunOfAnotherVersionIsRefusedAsThatAndNobodyIsToldToUndoAChange() throws IOException {
        interrupted("x");
        Map<String, String> settings = new HashMap<>(SAME.settings());
        settings.remove("run.seed");
        settings.put("data.margin", "2");

        assertThatThrownBy(() -> open("x", "auto", RunIdentity.of(settings), Earlier.KEEP))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("data.margin is 2, and the version that made the run had no such setting")
                .extracting(e -> String.join("\n", ((SettingsException) e).errors()))
                .asString()
                .contains("another version of this program made it. Add --overwrite to start anew, or name")
                .contains("run.seed was 1, and this version has no such setting")
                .doesNotContain("undo");
    }

    @Test
    void aRefusedCallLeavesTheFolderAsItIs() throws IOException {
        interrupted("x");
        List<String> before = names("x/claims");

        assertThatThrownBy(() -> open("x", "auto", OTHER, Earlier.KEEP)).isInstanceOf(SettingsException.class);
        assertThatThrownBy(() -> open("x", "never", SAME, Earlier.KEEP)).isInstanceOf(SettingsException.class);

        assertThat(names("x/claims")).isEqualTo(before).hasSize(1);
    }

    private List<String> names(String folder) throws IOException {
        try (Stream<Path> files = Files.list(runs.resolve(folder))) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> !name.endsWith(".crc"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void anUnfinishedRunIsThrownAwayOnlyWhenToldTwice() throws IOException {
        interrupted("x");

        assertThatThrownBy(() -> open("x", "never", SAME, Earlier.KEEP))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("holds an unfinished run with 4 steps, which resume=never would throw away");
        try (RunFolder run = open("x", "auto", SAME, Earlier.OVERWRITE)) {
            assertThat(run.start("data")).as("a retry of a run that overwrites").isPresent();
        }
        try (RunFolder run = open("x", "never", SAME, Earlier.OVERWRITE)) {
            assertThat(run.start("data")).isEmpty();
        }
        assertThat(runs.resolve("x/checkpoints")).doesNotExist();
    }

    @Test
    void aFinishedRunIsDoneOrRefusedOrReplacedWithItsResults() throws IOException {
        finished("x");

        try (RunFolder run = open("x", "auto", SAME, Earlier.KEEP)) {
            assertThat(run.isDone()).isTrue();
        }
        assertThatThrownBy(() -> open("x", "auto", OTHER, Earlier.KEEP))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("holds an earlier run, of other settings")
                .hasMessageContaining("training.steps was 720, now 800");
        assertThatThrownBy(() -> open("x", "never", SAME, Earlier.KEEP))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("holds an earlier run: add --overwrite");
        assertThat(runs.resolve("x").resolve(REPORT)).exists();

        try (RunFolder run = open("x", "auto", SAME, Earlier.OVERWRITE)) {
            assertThat(run.isDone()).isFalse();
            assertThat(run.start("data")).isEmpty();
            assertThat(runs.resolve("x").resolve(REPORT)).doesNotExist();
            assertThat(runs.resolve("x").resolve("run.json")).doesNotExist();
        }
    }

    @Test
    void aFinishedRunOfAnotherFormatIsRefusedInWords() throws IOException {
        finished("x");
        Path marker = runs.resolve("x").resolve("run.json");
        Files.writeString(marker, Files.readString(marker).replace("\"format\" : 2", "\"format\" : 7"));

        assertThatThrownBy(() -> open("x", "auto", SAME, Earlier.KEEP))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("run.json: it has format 7, this program reads 2");
    }

    @Test
    void aFinishedRunKnowsTheFilesOfItsDataUnlessAnOlderProgramMadeIt() throws IOException {
        finished("x");
        try (RunFolder run = open("x", "auto", SAME, Earlier.KEEP)) {
            assertThat(run.wasOf("files")).isTrue();
            assertThat(run.wasOf("other files")).isFalse();
        }
        Path marker = runs.resolve("x").resolve("run.json");
        Files.writeString(
                marker,
                Files.readString(marker)
                        .replace("\"format\" : 2", "\"format\" : 1")
                        .replaceAll(",\\s*\"files\" : \"files\"", ""));
        assertThat(marker).content().doesNotContain("files");
        try (RunFolder run = open("x", "auto", SAME, Earlier.KEEP)) {
            assertThat(run.isDone()).isTrue();
            assertThat(run.wasOf("files")).isFalse();
            assertThat(run.wasOf("")).isFalse();
        }
    }

    @Test
    void aRunThatWasKilledBetweenItsReportAndItsMarkerIsGoneOnWith() throws IOException {
        interrupted("x");
        Files.writeString(runs.resolve("x").resolve(REPORT), "");

        try (RunFolder run = open("x", "auto", SAME, Earlier.KEEP)) {
            assertThat(run.start("data")).isPresent();
        }
    }

    @Test
    void aRunGoesOnFromANamedCheckpointOrRunAndHoldsAllStepsInItsOwnFolder() throws IOException {
        interrupted("x");
        Path named;
        try (var folders = Files.list(runs.resolve("x/checkpoints"))) {
            named = folders.filter(folder -> folder.getFileName().toString().startsWith("step-"))
                    .findFirst()
                    .orElseThrow();
        }
        int name = 0;
        for (Path from : List.of(named, runs.resolve("x/checkpoints"), runs.resolve("x"))) {
            String own = "own" + name++;
            try (RunFolder run = open(own, from.toString(), SAME, Earlier.KEEP)) {
                assertThat(run.start("data").orElseThrow().step()).isEqualTo(4);
                try (CheckpointWriter writer = run.writer()) {
                    assertThat(writer.written()).as("nothing of it is here").isZero();
                    writer.write(Samples.checkpoint(0, 6));
                }
            }
            try (RunFolder run = open(own, "auto", SAME, Earlier.KEEP)) {
                assertThat(run.start("data")
                                .orElseThrow()
                                .checkpoint()
                                .history()
                                .steps())
                        .isEqualTo(Samples.checkpoint(0, 6).history().steps());
            }
        }
    }

    @Test
    void aNamedCheckpointThatIsNotThereOrDamagedOrOfOtherSettingsIsRefusedWithTheReason() throws IOException {
        interrupted("x");

        assertThatThrownBy(() -> open("y", runs.resolve("none").toString(), SAME, Earlier.KEEP))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("checkpoint.resume: cannot go on from")
                .hasMessageContaining("no valid checkpoint");
        assertThatThrownBy(() -> open("y", runs.resolve("x").toString(), OTHER, Earlier.KEEP))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("training.steps was 720, now 800");
        assertThatThrownBy(() -> open("y", "nowhere://bucket/run", SAME, Earlier.KEEP))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("no file system for nowhere is on the class path");
    }

    @Test
    void aWriteThatFailsIsReportedOnceAndItsStepsGoIntoTheNext() throws IOException {
        FaultyFiles full = new FaultyFiles(disk, FaultyFiles.Kind.DISK, FaultyFiles.After.ALIVE);
        try (RunFolder run = open(full, "x", settings("auto"), SAME, Earlier.KEEP);
                CheckpointWriter writer = run.writer()) {
            run.start("data");
            writer.write(Samples.checkpoint(0, 4));
            assertThat(writer.written()).isEqualTo(4);
            full.breakingAfterBytes(100_000);
            writer.write(Samples.checkpoint(4, 6));
            assertThat(writer.written()).as("as before").isEqualTo(4);
            assertThat(writer.failure()).hasValueSatisfying(text -> assertThat(text)
                    .contains("the checkpoint of step 6 was not written", "No space left on device"));
            assertThat(writer.failure()).isEmpty();
            writer.write(Samples.checkpoint(4, 8));
            assertThat(writer.written()).isEqualTo(8);
        }
        try (RunFolder run = open("x", "auto", SAME, Earlier.KEEP)) {
            assertThat(run.start("data").orElseThrow().checkpoint().history().steps())
                    .isEqualTo(Samples.checkpoint(0, 8).history().steps());
        }
    }

    @Test
    void aWriterWhoseRunWasTakenOverCommitsNothing() throws IOException {
        try (RunFolder first = open("x", "auto", SAME, Earlier.KEEP);
                CheckpointWriter writer = first.writer();
                RunFolder second = open(
                        disk,
                        "x",
                        new CheckpointSettings(100, 2, "auto", Duration.ofSeconds(1), true),
                        SAME,
                        Earlier.KEEP)) {
            writer.write(Samples.checkpoint(0, 4));
            assertThat(writer.written()).isZero();
            assertThat(writer.failure().orElseThrow()).contains("has taken it over");
            assertThat(second.start("data")).isEmpty();
            assertThatThrownBy(() -> first.finish("files")).isInstanceOf(IOException.class);
        }
    }

    private void interrupted(String name) throws IOException {
        try (RunFolder run = open(name, "auto", SAME, Earlier.KEEP)) {
            run.start("data");
            write(run);
        }
    }

    private void finished(String name) throws IOException {
        try (RunFolder run = open(name, "auto", SAME, Earlier.KEEP)) {
            run.start("data");
            write(run);
            Files.writeString(runs.resolve(name).resolve(REPORT), "");
            run.finish("files");
        }
    }

    private static void write(RunFolder run) {
        try (CheckpointWriter writer = run.writer()) {
            writer.write(Samples.checkpoint(0, 4));
            assertThat(writer.written()).isEqualTo(4);
        }
    }

    private RunFolder open(String name, String resume, RunIdentity identity, Earlier earlier) throws IOException {
        return open(disk, name, settings(resume), identity, earlier);
    }

    private RunFolder open(
            FileSystem files, String name, CheckpointSettings settings, RunIdentity identity, Earlier earlier)
            throws IOException {
        Files.createDirectories(runs.resolve(name));
        return RunFolder.open(
                files,
                new org.apache.hadoop.fs.Path(runs.resolve(name).toString()),
                settings,
                identity,
                earlier,
                List.of(REPORT),
                messages::add);
    }

    private static CheckpointSettings settings(String resume) {
        return new CheckpointSettings(100, 2, resume, Duration.ofSeconds(1), false);
    }
}
