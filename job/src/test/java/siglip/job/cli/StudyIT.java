package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Studies of small runs. */
@Timeout(300)
class StudyIT {
    @TempDir
    Path runs;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    private int execute(String command, String... more) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> arguments = new ArrayList<>(List.of(command, "--out=" + runs, "--name=small"));
        SmallEmoji.SETTINGS.forEach(setting -> arguments.add("--set=" + setting));
        arguments.add("--set=training.steps=8");
        arguments.add("--set=training.batch-size=64");
        arguments.add("--set=data.path=" + Path.of("..", "data", "emoji"));
        arguments.addAll(List.of(more));
        CommandLine line = Main.commandLine(new Failures());
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(arguments.toArray(String[]::new));
    }

    private JsonNode json(String name) throws IOException {
        return new ObjectMapper().readTree(runs.resolve("small").resolve(name).toFile());
    }

    @Test
    void seedsAreRunsOfCompareAndMoreOfThemRunWhatIsMissing() throws IOException {
        assertThat(execute("compare", "--set=run.seed=2")).as(err.toString()).isZero();
        assertThat(execute("compare", "--seeds=2")).as(err.toString()).isZero();
        FileTime first = Files.getLastModifiedTime(runs.resolve("small/seed-1/run.json"));

        assertThat(execute("compare", "--seeds=3")).as(err.toString()).isZero();

        assertThat(out.toString()).contains("already done: ", "run 3 of 3: seed 3", "95 % t intervals", "Study: ");
        assertThat(Files.getLastModifiedTime(runs.resolve("small/seed-1/run.json")))
                .isEqualTo(first);
        assertThat(json("study.json").at("/ended").asInt()).isEqualTo(3);
        assertThat(json("seed-2/metrics.json").at("/arms/0/final_loss"))
                .as("a cell is the run of the same settings")
                .isEqualTo(json("metrics.json").at("/arms/0/final_loss"));
        assertThat(json("study.json").at("/groups/0/figures/0/arms/siglip/values"))
                .hasSize(3);

        assertThat(execute("compare", "--overwrite")).as(err.toString()).isZero();
        assertThat(runs.resolve("small/study.html")).as("a study beside a run").exists();
    }

    @Test
    void aStudyOfLearningRatesCountsWhatDivergesAndIsDoneAfterwards() throws IOException {
        String[] rates = {
            "--set=study.seeds=1", "--set=study.axes={training.learning-rate = [1e-3, 1e28], training.clip-norm = [1]}"
        };
        assertThat(execute("study", rates)).as(err.toString()).isZero();

        JsonNode study = json("study.json");
        assertThat(study.at("/ended").asInt()).isEqualTo(2);
        assertThat(study.at("/groups")).hasSize(3);
        assertThat(study.at("/groups/2/over_rates").asBoolean()).isTrue();
        assertThat(out.toString()).contains("training.clip-norm = 1, training.learning-rate = 0.001:", "One seed");
        assertThat(runs.resolve("small/training.clip-norm=1/training.learning-rate=0.001/seed-1/report.html"))
                .exists();
        assertThat(Files.readString(runs.resolve("small/study.html")))
                .contains("<svg")
                .doesNotContain("NaN");

        assertThat(execute("study", rates)).isZero();
        assertThat(out.toString())
                .containsOnlyOnce("run 2 of 2")
                .contains("already done")
                .doesNotContain("about ");
    }

    @Test
    void twoNamesOfOneLossDifferInNothing() throws IOException {
        assertThat(execute(
                        "compare",
                        "--seeds=2",
                        "--set=loss.arms=[{name = a, loss = sigmoid}, {name = b, loss = sigmoid}]"))
                .as(err.toString())
                .isZero();

        for (JsonNode figure : json("study.json").at("/groups/0/figures")) {
            if (!figure.at("/metric").asText().equals("seconds_per_step")) {
                assertThat(figure.at("/arms/a")).isEqualTo(figure.at("/arms/b"));
                assertThat(figure.at("/differences/0/verdict").asText()).isIn("no_difference", "not_tested");
            }
        }
        assertThat(out.toString()).contains("no difference was found");
    }

    @Test
    void aStudyThatCannotBeIsRefusedInWords() {
        assertThat(execute("compare", "--seeds=0")).isEqualTo(2);
        assertThat(err.toString()).contains("study.seeds must be a whole number from 1 to 1000, found \"0\"");
        assertThat(execute("compare", "--set=study.axes={training.beta1 = [0.8, 0.9]}"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("Give the command study");
        assertThat(execute("study", "--set=study.axes={training.stepz = [1, 2]}"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("--set: unknown key training.stepz (did you mean training.steps?)");
        assertThat(execute("study", "--set=study.axes={training.beta1 = [0.5, 1]}"))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains("training.beta1 must be a number from 0 to below 1")
                .doesNotContain("\tat ");
        assertThat(runs.resolve("small")).doesNotExist();
    }
}
