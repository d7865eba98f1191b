package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsException;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.files.Earlier;
import siglip.job.model.ModelFiles;
import siglip.job.model.SavedModel;
import siglip.job.runs.RunFolder;

/** Runs whose driver was killed, or pushed aside, end as if nothing had been. */
@Timeout(300)
class ResumeIT {
    private static final int STEPS = 200;
    private static final List<String> ARMS = List.of("siglip", "clip");

    @TempDir
    static Path runs;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void runUndisturbed() {
        int code = new ResumeIT().compare("undisturbed");

        assertThat(code).isEqualTo(0);
    }

    @Test
    void aKilledDriversRunIsGoneOnWithBitForBit() throws Exception {
        String name = "killed";
        Process driver = start(name);
        try {
            awaitCheckpoint(name, driver);
        } finally {
            driver.destroyForcibly().waitFor(30, TimeUnit.SECONDS); // SIGKILL
        }
        assertThat(run(name).resolve("run.json")).as("killed in mid-run").doesNotExist();

        assertThat(compare(name)).as(err.toString()).isEqualTo(0);

        assertSameAsUndisturbed(name);
        assertThat(evaluations(name)).isEqualTo(evaluations("undisturbed"));
        JsonNode incidents = new ObjectMapper()
                .readTree(run(name).resolve("metrics.json").toFile())
                .get("incidents");
        assertThat(incidents.toString()).contains("has ended without giving the run up", "resumed at step");
    }

    @ParameterizedTest
    @CsvSource({"TERM, 143", "INT, 130"})
    void aSignalIsAnsweredByOneLineThatSaysHowToGoOn(String signal, int code) throws Exception {
        String name = "stopped-by-" + signal;
        Process driver = start(name);
        try {
            awaitCheckpoint(name, driver);
            new ProcessBuilder("kill", "-" + signal, Long.toString(driver.pid()))
                    .start()
                    .waitFor(30, TimeUnit.SECONDS);
            assertThat(driver.waitFor(60, TimeUnit.SECONDS)).as("ends").isTrue();
        } finally {
            driver.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        }
        assertThat(driver.exitValue()).isEqualTo(code);
        assertThat(log(name)).doesNotContain("\tat ");
        assertThat(log(name).lines().reduce("", (before, last) -> last))
                .matches("siglip: stopped before its end; give the same command again, and the run goes on from its"
                        + " checkpoint of step \\d+");

        assertThat(compare(name)).as(err.toString()).isZero();

        assertSameAsUndisturbed(name);
    }

    @Test
    void aRunThatHasEndedIsDoneAndOneOfOtherSettingsIsRefusedWithTheDifference() {
        assertThat(compare("undisturbed")).isEqualTo(0);
        assertThat(out.toString()).contains("Already done: ");

        assertThat(compare("undisturbed", "--set=run.ranks=1", "--set=ring.silence=9 s"))
                .as("harmless changes")
                .isEqualTo(0);

        assertThat(compare("undisturbed", "--set=training.learning-rate=0.01")).isEqualTo(2);
        assertThat(err.toString())
                .contains("training.learning-rate was 0.003, now 0.01")
                .contains("add --overwrite");
    }

    @Test
    void aSecondDriverIsRefusedOrTakesOverAndThenTheFirstEnds() throws Exception {
        String name = "two";
        Process first = start(name, "--set=data.source=shuffled"); // cut off in mid-epoch, an epoch being 9 steps
        try {
            awaitCheckpoint(name, first);

            assertThatThrownBy(() -> open(name, false))
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("process %d on".formatted(first.pid()))
                    .hasMessageContaining("is at work on the run in");
            assertThat(first.isAlive()).as("goes on").isTrue();

            try (RunFolder second = open(name, true)) {
                assertThat(first.waitFor(60, TimeUnit.SECONDS))
                        .as("the first ends")
                        .isTrue();
                assertThat(first.exitValue()).isEqualTo(ExitCode.CRASH.code());
                assertThat(log(name)).contains("has taken it over from this one");
                assertThat(second.start("").orElseThrow().step()).isPositive();
            }
        } finally {
            first.destroyForcibly().waitFor(30, TimeUnit.SECONDS);
        }
        assertThat(run(name).resolve("run.json")).as("taken over in mid-run").doesNotExist();

        assertThat(compare(name, "--set=data.source=shuffled"))
                .as(err.toString())
                .isEqualTo(0);
        assertSameAsUndisturbed(name);
    }

    private static void assertSameAsUndisturbed(String name) throws IOException {
        for (String arm : ARMS) {
            SavedModel expected = model("undisturbed", arm);
            SavedModel found = model(name, arm);
            assertThat(found.parameters().dense().toArray())
                    .isEqualTo(expected.parameters().dense().toArray());
            assertThat(found.parameters().table().toArray())
                    .isEqualTo(expected.parameters().table().toArray());
            assertThat(found.scalars()).isEqualTo(expected.scalars());
        }
        assertThat(losses(name)).as("each step once, with its loss").isEqualTo(losses("undisturbed"));
    }

    private static SavedModel model(String name, String arm) throws IOException {
        return ModelFiles.read(
                new org.apache.hadoop.fs.Path(
                        run(name).resolve("models").resolve(arm).toString()),
                new Configuration());
    }

    /** Arm, step and loss of each line of steps.jsonl. */
    private static List<String> losses(String name) throws IOException {
        List<String> losses = new ArrayList<>();
        for (String line : Files.readAllLines(run(name).resolve("steps.jsonl"))) {
            JsonNode step = new ObjectMapper().readTree(line);
            losses.add("%s %d %s".formatted(step.get("arm"), step.get("step").asLong(), step.get("loss")));
        }
        assertThat(losses).hasSize(2 * STEPS);
        return losses;
    }

    private static List<JsonNode> evaluations(String name) throws IOException {
        List<JsonNode> evaluations = new ArrayList<>();
        new ObjectMapper()
                .readTree(run(name).resolve("metrics.json").toFile())
                .get("arms")
                .forEach(arm -> evaluations.add(arm.get("evaluations")));
        assertThat(evaluations.get(0)).as("two sets").hasSize(2 * (1 + STEPS / 100));
        return evaluations;
    }

    private static Path run(String name) {
        return runs.resolve(name);
    }

    private static String log(String name) throws IOException {
        return Files.readString(runs.resolve(name + ".log"));
    }

    private static List<String> assignments(String name) {
        return List.of(
                "run.name=" + name,
                "run.out=" + runs,
                "data.path=../data/emoji/pairs.parquet",
                "data.train=\"vendor = 'noto' and group in ('Food & Drink', 'Activities')\"",
                "data.test=\"vendor = 'noto-v1' and group = 'Food & Drink'\"",
                "training.batch-size=20",
                "training.steps=" + STEPS,
                "evaluation.every-steps=100",
                "checkpoint.every-steps=10",
                "checkpoint.lease=2 s",
                "towers.width=16",
                "towers.image.hidden=[24]",
                "towers.text.hidden=[20]",
                "towers.table.buckets=512",
                "towers.table.width=8");
    }

    private static List<String> command(String name, String... more) {
        List<String> command = new ArrayList<>(List.of("compare"));
        assignments(name).forEach(each -> command.add("--set=" + each));
        command.addAll(List.of(more));
        return command;
    }

    private int compare(String name, String... more) {
        return Main.commandLine(new Failures())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(command(name, more).toArray(String[]::new));
    }

    private static RunFolder open(String name, boolean takeOver) {
        List<String> all = new ArrayList<>(assignments(name));
        all.add("checkpoint.take-over=" + takeOver);
        LoadedSettings loaded =
                SettingsLoader.load(new SettingsSources(all, Map.of(), new HashMap<>(), Optional.empty()));
        return OutputFolder.open(loaded, new Configuration(), Earlier.KEEP, text -> {});
    }

    /** A driver in a Java machine of its own. */
    private static Process start(String name, String... more) throws IOException {
        List<String> java = new ArrayList<>(List.of(
                "env",
                "--default-signal=INT", // which is ignored where this process was started in the background
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "@" + Path.of("..", "conf", "jvm.options"),
                "-Xmx1g",
                "-cp",
                System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")),
                Main.class.getName()));
        java.addAll(command(name, more));
        File log = runs.resolve(name + ".log").toFile();
        return new ProcessBuilder(java)
                .redirectErrorStream(true)
                .redirectOutput(log)
                .start();
    }

    /** Returns when the run has a checkpoint. */
    private static void awaitCheckpoint(String name, Process driver) throws IOException, InterruptedException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(200);
        while (!hasCheckpoint(run(name).resolve("checkpoints"))) {
            assertThat(driver.isAlive()).as("the driver works: %s", log(name)).isTrue();
            assertThat(System.nanoTime())
                    .as("a checkpoint comes: %s", log(name))
                    .isLessThan(deadline);
            Thread.sleep(5);
        }
    }

    private static boolean hasCheckpoint(Path checkpoints) throws IOException {
        if (!Files.exists(checkpoints)) {
            return false;
        }
        try (Stream<Path> folders = Files.list(checkpoints)) {
            return folders.anyMatch(folder -> Files.exists(folder.resolve("MANIFEST.json")));
        }
    }
}
