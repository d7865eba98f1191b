package siglip.job.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Axes of a study are settings like all others, with the same messages. */
class StudyAxesTest {
    private static SettingsSources file(String text) {
        return new SettingsSources(
                List.of(), Map.of(), Map.of(), Optional.of(new SettingsSources.File("my.conf", text)));
    }

    @Test
    void anAxisIsAListOfValuesOfAnyKeyAndACellHasOneOfThem() {
        SettingsSources sources = file(
                "study { seeds = 3, axes { training.batch-size = [64, 1e2]\n towers.text { hidden = [[], [8]] } } }");

        StudySettings study = SettingsLoader.load(sources).settings().study();
        LoadedSettings cell = SettingsLoader.cell(sources, Map.of("training.batch-size", 1, "towers.text.hidden", 1));

        assertThat(study.seeds()).isEqualTo(3);
        assertThat(study.axes())
                .containsExactly(
                        new StudySettings.Axis("towers.text.hidden", List.of("[]", "[8]")),
                        new StudySettings.Axis("training.batch-size", List.of("64", "100")));
        assertThat(cell.settings().training().batchSize()).isEqualTo(100);
        assertThat(cell.settings().towers().text().hidden()).containsExactly(8);
    }

    @Test
    void aCellIsTheRunOfTheSameSettingsWithoutAStudy() {
        LoadedSettings cell = SettingsLoader.cell(
                file("study { seeds = 3, margin = 0.01, axes { training.batch-size = [64, 128] } }"),
                Map.of("training.batch-size", 1));
        LoadedSettings plain = SettingsLoader.load(file("training.batch-size = 128"));

        assertThat(cell).isEqualTo(plain);
    }

    @Test
    void theAxesAreShownAndCanBeLoadedAgain() {
        LoadedSettings loaded = SettingsLoader.load(file("study.axes { training.batch-size = [64, 128] }"));

        LoadedSettings again = SettingsLoader.load(file(loaded.rendered()));

        assertThat(loaded.settings().study().axes()).hasSize(1);
        assertThat(again).isEqualTo(loaded);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "training.batch-siz = [1]        | my.conf:2: unknown key training.batch-siz (did you mean training.batch-size?)",
                "training = [1]                  | my.conf:2: training is a section and takes no value, found [1]",
                "training.batch-size = 5         | my.conf:2: study.axes.training.batch-size must be a list of values, each once, found 5",
                "training.batch-size = []        | my.conf:2: study.axes.training.batch-size must be a list of values, each once, found []",
                "training.batch-size = [64, 6.4e1] | my.conf:2: study.axes.training.batch-size must be a list of values, each once, found [64,64]",
                "run.seed = [1, 2]               | my.conf:2: study.axes.run.seed must be left out: study.seeds says how many seeds there are",
                "study.seeds = [1, 2]            | my.conf:2: study.axes.study.seeds must be left out: it does not vary what is trained",
                "training.steps = [1, 2]         | my.conf:2: study.axes.training.steps varies what my.conf:4 sets: leave one of them out",
            })
    void whatNoAxisCanBeIsRefusedInWords(String axis, String message) {
        SettingsException refused = catchThrowableOfType(
                SettingsException.class,
                () -> SettingsLoader.load(file("study.axes {\n" + axis + "\n}\ntraining.steps = 7\n")));

        assertThat(refused.errors()).containsExactly(message);
    }

    @Test
    void aValueThatWillNotDoIsRefusedLikeASettingAtItsOwnPlace() {
        SettingsException refused = catchThrowableOfType(
                SettingsException.class,
                () -> SettingsLoader.cell(
                        file("study.axes {\n training.batch-size = [\n 64,\n 1]\n}"),
                        Map.of("training.batch-size", 1)));

        assertThat(refused.errors())
                .containsExactly("my.conf:4: training.batch-size must be a whole number from 2 to 16777216, found 1");
    }
}
