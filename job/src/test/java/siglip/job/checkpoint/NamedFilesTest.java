package siglip.job.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.model.ModelFiles;

class NamedFilesTest {
    @TempDir
    Path folder;

    private static RunIdentity identity(String... assignments) {
        return RunIdentity.of(
                SettingsLoader.load(new SettingsSources(List.of(assignments), Map.of(), Map.of(), Optional.empty())),
                new Configuration());
    }

    @Test
    void anotherGraphOfTheSameNameAndLengthIsAnotherRun() throws IOException {
        Path graph = Files.writeString(folder.resolve("graph.json"), "{\"units\": 10}");
        RunIdentity before = identity("towers.image.graph=" + graph);
        Files.writeString(graph, "{\"units\": 20}");

        RunIdentity after = identity("towers.image.graph=" + graph);

        assertThat(after.differencesFrom(before))
                .singleElement()
                .asString()
                .matches("content of towers\\.image\\.graph was SHA-256 [0-9a-f]{64}, now SHA-256 [0-9a-f]{64}");
        assertThat(after.isOfAnotherVersion(before)).isFalse();
    }

    @Test
    void anotherModelToStartFromIsAnotherRunAlsoWhereAnArmNamesIt() throws IOException {
        for (String name : ModelFiles.NAMES) {
            Files.writeString(folder.resolve(name), name);
        }
        String arms = "loss.arms=[{ name = a, loss = sigmoid, towers.text.start = \"%s\" }]".formatted(folder);
        RunIdentity before = identity(arms);
        assertThat(identity(arms)).isEqualTo(before);
        Files.writeString(folder.resolve(ModelFiles.NAMES.get(2)), "other");

        assertThat(identity(arms).differencesFrom(before))
                .singleElement()
                .asString()
                .startsWith("content of the model in " + folder);
    }

    @Test
    void settingsThatNameNoFileAreWhatTheyWere() {
        assertThat(identity().settings().keySet()).noneMatch(key -> key.startsWith("content"));
    }
}
