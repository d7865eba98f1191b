package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.config.RunSettings;
import siglip.job.config.SettingsException;

class OutputFolderTest {
    @TempDir
    Path runs;

    @ParameterizedTest
    @ValueSource(strings = {"report.html", "metrics.json"})
    void aFinishedRunIsKeptUnlessToldOtherwise(String file) throws IOException {
        Path run = Files.createDirectory(runs.resolve("x"));
        Files.writeString(run.resolve(file), "");

        assertThatThrownBy(() -> make(OutputFolder.Earlier.KEEP))
                .isInstanceOf(SettingsException.class)
                .hasMessageEndingWith(run + " holds an earlier run: add --overwrite, or name another with --name");
        assertThatCode(() -> make(OutputFolder.Earlier.OVERWRITE)).doesNotThrowAnyException();
    }

    @Test
    void whatAFailedRunLeftIsNoRun() throws IOException {
        Files.createDirectories(runs.resolve("x").resolve("checkpoints"));

        assertThatCode(() -> make(OutputFolder.Earlier.KEEP)).doesNotThrowAnyException();
    }

    private void make(OutputFolder.Earlier earlier) {
        OutputFolder.make(new RunSettings("x", runs.toString(), 1, 1, 1), new Configuration(), earlier);
    }
}
