package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.commons.io.FileUtils;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsException;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.files.Earlier;
import siglip.job.files.OwnFolder;
import siglip.job.runs.RunFolder;

class OutputFolderTest {
    @TempDir
    Path runs;

    @ParameterizedTest
    @ValueSource(strings = {"report.html", "models/clip/model.json"})
    void resultsThatNoRunAccountsForAreKeptUnlessToldOtherwise(String file) throws IOException {
        Path run = runs.resolve("x");
        open(Earlier.KEEP).close();
        write(run.resolve(file), "");

        assertThatThrownBy(() -> open(Earlier.KEEP).close())
                .isInstanceOf(SettingsException.class)
                .hasMessageEndingWith(run + " holds an earlier run: add --overwrite, or name another with --name");
        try (RunFolder folder = open(Earlier.OVERWRITE)) {
            assertThat(folder.isDone()).isFalse();
            assertThat(run.resolve(file)).doesNotExist();
        }
    }

    @ParameterizedTest
    @EnumSource
    void aFileOfSomebodyElseInARunsFolderStaysAndItsNameIsNotTaken(Earlier earlier) throws IOException {
        Path run = runs.resolve("x");
        for (String name : List.of(
                "report.html",
                "metrics.json",
                "steps.jsonl",
                "run.json",
                "models",
                "models/siglip/model.json",
                "checkpoints/epoch-1.pt",
                "claims/of-land.txt")) {
            Path file = write(run.resolve(name), "theirs");

            assertThatThrownBy(() -> open(earlier).close())
                    .as(name)
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("which this program did not write: move it away, or name another folder");
            assertThat(file).hasContent("theirs");
            FileUtils.deleteDirectory(run.toFile());
        }
        Path notes = write(run.resolve("models/notes.txt"), "theirs");
        open(earlier).close();
        Path late = write(run.resolve("checkpoints/step-00000010-own/notes.txt"), "theirs");
        write(late.resolveSibling("state.json"), "ours");
        open(Earlier.OVERWRITE, "checkpoint.resume=never").close();
        assertThat(notes).hasContent("theirs");
        assertThat(late).hasContent("theirs");
        assertThat(late.resolveSibling("state.json")).doesNotExist();
    }

    @Test
    void nothingIsReplacedOrDeletedThroughALink() throws IOException {
        Path run = runs.resolve("x");
        Path theirs = write(runs.resolve("theirs/report.html"), "theirs");
        for (String name : List.of("report.html", "models", "checkpoints")) {
            Files.createDirectories(run);
            Files.createSymbolicLink(run.resolve(name), name.equals("report.html") ? theirs : theirs.getParent());

            assertThatThrownBy(() -> open(Earlier.OVERWRITE).close())
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining(run.resolve(name) + " is a link, which this program did not make");
            assertThat(theirs).hasContent("theirs");
            Files.delete(run.resolve(name));
        }
    }

    @Test
    void aRunOfAVersionThatKeptNoListIsKnownByItsClaims() throws IOException {
        Path run = runs.resolve("x");
        open(Earlier.KEEP).close();
        Files.delete(run.resolve(OwnFolder.LIST));
        write(run.resolve("report.html"), "ours");

        open(Earlier.OVERWRITE).close();

        assertThat(run.resolve("report.html")).doesNotExist();
        assertThat(run.resolve(OwnFolder.LIST)).content().contains("report.html");
    }

    @Test
    void modelsOfArmsThatTheNewRunHasNotAreReplacedToo() throws IOException {
        open(Earlier.KEEP).close();
        write(runs.resolve("x/models/clip/table.bin"), "ours");

        open(Earlier.OVERWRITE, "loss.arms=[{name = siglip, loss = sigmoid, initial-scale = 10, initial-bias = null}]")
                .close();

        assertThat(runs.resolve("x/models")).doesNotExist();
    }

    @Test
    void whatAFailedRunLeftIsNoRun() throws IOException {
        open(Earlier.KEEP).close();
        Files.createDirectories(runs.resolve("x").resolve("checkpoints").resolve("step-00000010-half"));

        try (RunFolder folder = open(Earlier.KEEP)) {
            assertThat(folder.isDone()).isFalse();
            assertThat(folder.notes()).singleElement().asString().contains("half-written");
        }
    }

    private static Path write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        return Files.writeString(file, text);
    }

    private RunFolder open(Earlier earlier, String... more) {
        List<String> settings = new ArrayList<>(List.of("run.name=x", "run.out=" + runs));
        settings.addAll(List.of(more));
        LoadedSettings loaded =
                SettingsLoader.load(new SettingsSources(settings, Map.of(), Map.of(), Optional.empty()));
        return OutputFolder.open(loaded, new Configuration(), earlier, text -> {});
    }
}
