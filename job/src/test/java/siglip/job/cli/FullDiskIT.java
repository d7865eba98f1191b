package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What a disk without room costs, reported as Hadoop does it: by an Error. */
class FullDiskIT {
    @TempDir
    static Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void makePairs() {
        System.setProperty(FullDisk.PROPERTY, FullDisk.class.getName());
        assertThat(new FullDiskIT().prepare("pairs")).isZero();
    }

    @AfterEach
    void makeRoom() {
        FullDisk.without = "";
    }

    @AfterAll
    static void forget() {
        System.clearProperty(FullDisk.PROPERTY);
    }

    @Test
    void aCheckpointThatCannotBeWrittenIsAnIncidentThatNamesThePath() throws IOException {
        FullDisk.without = "/checkpoints/step-00000002";

        assertThat(compare("checkpoint")).as(err.toString()).isZero();

        assertThat(Files.readString(folder.resolve("checkpoint/metrics.json")))
                .contains("the checkpoint of step 2 was not written: Cannot write full:")
                .contains("/checkpoint/checkpoints/step-00000002-")
                .contains(": No space left on device");
        try (Stream<Path> left = Files.list(folder.resolve("checkpoint/checkpoints"))) {
            assertThat(left.map(path -> path.getFileName().toString().replaceAll("-\\w+$", "")))
                    .containsExactlyInAnyOrder("step-00000004", "step-00000006", "steps");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"/models/clip/", "metrics.json", "steps.jsonl", "report.html", "run.json"})
    void aResultThatCannotBeWrittenEndsTheRunWithItsPathAndTheLastCheckpointResumesIt(String result)
            throws IOException {
        String name = "result-" + result.replaceAll("\\W", "");
        FullDisk.without = result;

        assertThat(compare(name)).as(err.toString()).isEqualTo(4);
        assertThat(err.toString().lines().toList())
                .hasSize(2)
                .first()
                .isEqualTo(
                        "Once that is mended, give the same command again, and the run goes on from its checkpoint of step 6");
        assertThat(err.toString()).contains("Cannot write full:", result, ": No space left on device");
        assertThat(folder.resolve(name).resolve("run.json")).doesNotExist();
        try (Stream<Path> all = Files.walk(folder.resolve(name))) {
            assertThat(all.map(Path::toString)).noneMatch(path -> path.contains(result) || path.endsWith(".tmp"));
        }

        FullDisk.without = "";
        assertThat(compare(name)).as(err.toString()).isZero();
        assertThat(folder.resolve(name).resolve("run.json")).exists();
        assertThat(out.toString()).contains("Report: ");
    }

    @Test
    void pairsThatCannotBeWrittenAreNotThereAndTheEarlierOnesStay() throws IOException {
        assertThat(prepare("more")).isZero();
        byte[] before = Files.readAllBytes(folder.resolve("more/part-00000.parquet"));
        FullDisk.without = "_draft-";

        assertThat(prepare("more", "--overwrite", "--seed=9")).isEqualTo(4);

        assertThat(err.toString().lines().toList())
                .singleElement()
                .asString()
                .contains("more/_draft-", "No space left");
        assertThat(folder.resolve("more/part-00000.parquet")).hasBinaryContent(before);
        FullDisk.without = "";
        assertThat(prepare("more", "--overwrite", "--seed=9"))
                .as(err.toString())
                .isZero();
        assertThat(folder.resolve("more").toFile().list())
                .containsExactlyInAnyOrder("_siglip-files", "part-00000.parquet", "part-00001.parquet");
    }

    private int prepare(String name, String... more) {
        return execute(
                List.of("prepare", "synthetic", "--rows=40", "--width=4", "--signal=1", "--out=" + uri(name)), more);
    }

    private int compare(String name) {
        return execute(List.of(
                "compare",
                "--out=" + uri(""),
                "--name=" + name,
                "--config=" + Path.of("..", "conf", "synthetic.conf"),
                "--set=data.path=" + folder.resolve("pairs"),
                "--set=data.test=id % 4 = 3",
                "--set=data.train=null",
                "--set=training.batch-size=8",
                "--set=training.steps=6",
                "--set=training.warmup-steps=1",
                "--set=evaluation.every-steps=3",
                "--set=checkpoint.every-steps=2",
                "--set=towers.image.hidden=[4]",
                "--set=towers.text.hidden=[4]",
                "--set=towers.width=4"));
    }

    private static String uri(String name) {
        return "full://" + folder.resolve(name);
    }

    private int execute(List<String> command, String... more) {
        List<String> arguments = new ArrayList<>(command);
        arguments.addAll(List.of(more));
        return Main.commandLine(new Failures())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments.toArray(String[]::new));
    }
}
