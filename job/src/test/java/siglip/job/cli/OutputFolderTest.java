package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsException;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.runs.RunFolder;

class OutputFolderTest {
    @TempDir
    Path runs;

    @ParameterizedTest
    @ValueSource(strings = {"report.html", "metrics.json"})
    void resultsThatNoRunAccountsForAreKeptUnlessToldOtherwise(String file) throws IOException {
        Path run = Files.createDirectory(runs.resolve("x"));
        Files.writeString(run.resolve(file), "");

        assertThatThrownBy(() -> open(RunFolder.Earlier.KEEP).close())
                .isInstanceOf(SettingsException.class)
                .hasMessageEndingWith(run + " holds an earlier run: add --overwrite, or name another with --name");
        try (RunFolder folder = open(RunFolder.Earlier.OVERWRITE)) {
            assertThat(folder.isDone()).isFalse();
            assertThat(run.resolve(file)).doesNotExist();
        }
    }

    @Test
    void whatAFailedRunLeftIsNoRun() throws IOException {
        Files.createDirectories(runs.resolve("x").resolve("checkpoints").resolve("step-00000010-half"));

        try (RunFolder folder = open(RunFolder.Earlier.KEEP)) {
            assertThat(folder.isDone()).isFalse();
            assertThat(folder.notes()).singleElement().asString().contains("half-written");
        }
    }

    private RunFolder open(RunFolder.Earlier earlier) {
        LoadedSettings loaded = SettingsLoader.load(
                new SettingsSources(List.of("run.name=x", "run.out=" + runs), Map.of(), Map.of(), Optional.empty()));
        return OutputFolder.open(loaded, new Configuration(), earlier, text -> {});
    }
}
