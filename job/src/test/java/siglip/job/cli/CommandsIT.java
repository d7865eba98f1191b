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
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The commands, from their arguments to their exit codes, on Spark in this process. */
class CommandsIT {
    private static final String SETTINGS =
            Path.of("..", "conf", "synthetic.conf").toString();

    @TempDir
    static Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void makePairs() {
        int code = Main.commandLine(new Failures())
                .execute("prepare", "synthetic", "--rows=400", "--width=24", "--signal=4", "--out=" + pairs());

        assertThat(code).isEqualTo(0);
    }

    @Test
    void compareTrainsAndNamesItsReport() throws IOException {
        Path run = folder.resolve("runs").resolve("it");

        assertThat(onPairs("compare", "--out", run.getParent().toString(), "--name", "it", "--set", "run.ranks=3"))
                .as(err.toString())
                .isEqualTo(0);

        assertThat(out.toString())
                .contains("Pairs per second")
                .endsWith("Report: " + run.resolve("report.html") + System.lineSeparator());
        JsonNode metrics =
                new ObjectMapper().readTree(run.resolve("metrics.json").toFile());
        assertThat(metrics.toString()).contains("siglip", "clip");
        try (Stream<String> steps = Files.lines(run.resolve("steps.jsonl"))) {
            assertThat(steps).as("lines: one a step and arm").hasSize(2 * 6);
        }
    }

    @Test
    void heldOutRowsAreEvaluatedInTheSetsThatHaveRowsAndNothingIsSearchedInVain() throws IOException {
        assertThat(heldOut("alone")).isEqualTo("held_out");
        assertThat(heldOut("concepts", "--set", "data.columns.concept=id")).isEqualTo("unseen");
        String[] leftOut = {
            "--set", "data.columns.concept=id", "--set", "data.test=null", "--set", "data.left-out-every=10"
        };
        assertThat(heldOut("left-out", leftOut)).isEqualTo("unseen");

        assertThat(onPairs(with(new String[] {"validate"}, leftOut))).isEqualTo(0);
        assertThat(out.toString())
                .contains(
                        "to train on  342 rows",
                        "held out     38 rows of concepts not in training",
                        "left out     38 of 380 concepts");
    }

    /** The held-out sets in the metrics of a run that has no yardstick and met nothing worth telling. */
    private String heldOut(String name, String... more) throws IOException {
        Path runs = folder.resolve("held out");
        String[] compare = {"compare", "--out", runs.toString(), "--name", name, "--set", "training.steps=3"};
        assertThat(onPairs(with(compare, more))).as(err.toString()).isEqualTo(0);
        JsonNode metrics = new ObjectMapper()
                .readTree(runs.resolve(name).resolve("metrics.json").toFile());
        assertThat(metrics.has("nearest_neighbour")).isFalse();
        assertThat(metrics.get("incidents")).isEmpty();
        assertThat(Files.readString(runs.resolve(name).resolve("report.html")))
                .doesNotContain("earest neighbour", "earest-neighbour search");
        return String.join(
                " ", (Iterable<String>) () -> metrics.at("/arms/0/retrieval").fieldNames());
    }

    @Test
    void aRunThatIsDoneIsSaidToBeOnlyOfItsOwnData() {
        String[] run = {
            "compare", "--out", folder.resolve("done").toString(), "--set", "run.name=once", "--set", "training.steps=2"
        };
        String moved = folder.resolve("other").toString();
        Main.commandLine(new Failures())
                .execute("prepare", "synthetic", "--rows=401", "--width=24", "--signal=4", "--out=" + moved);
        assertThat(onPairs(run)).as(err.toString()).isEqualTo(0);
        assertThat(onPairs(run)).as(err.toString()).isEqualTo(0);
        assertThat(out.toString()).contains("Already done");

        assertThat(onPairs(Stream.concat(Stream.of(run), Stream.of("--set", "data.path=no/such/folder"))
                        .toArray(String[]::new)))
                .isEqualTo(3);
        assertThat(err.toString()).contains("no/such/folder: there is no such file or folder");
        assertThat(onPairs(Stream.concat(Stream.of(run), Stream.of("--set", "data.path=" + moved))
                        .toArray(String[]::new)))
                .isEqualTo(2);
        assertThat(err.toString()).contains("holds an earlier run, of other data");
    }

    @Test
    void aRunThatIsDoneIsSaidToBeWithoutReadingItsDataAgain() throws IOException {
        Path copy = Files.createDirectories(folder.resolve("copy"));
        try (Stream<Path> files = Files.list(Path.of(pairs()))) {
            for (Path file :
                    files.filter(each -> each.toString().endsWith(".parquet")).toList()) {
                Files.copy(file, copy.resolve(file.getFileName()));
            }
        }
        String[] run = {
            "compare",
            "--out=" + folder.resolve("unread"),
            "--set=run.name=once",
            "--set=training.steps=2",
            "--set=data.path=" + copy
        };
        assertThat(onPairs(run)).as(err.toString()).isEqualTo(0);
        try (Stream<Path> files = Files.list(copy)) {
            for (Path file : files.toList()) {
                FileTime written = Files.getLastModifiedTime(file);
                Files.write(file, new byte[(int) Files.size(file)]);
                Files.setLastModifiedTime(file, written);
            }
        }

        assertThat(onPairs(run)).as("nobody sees the damage: " + err).isEqualTo(0);
        assertThat(out.toString()).contains("Already done");
        assertThat(onPairs(with(run, "--set=training.learning-rate=0.5"))).isEqualTo(2);
        assertThat(err.toString().lines()).as("the difference is told once").hasSize(1);
        assertThat(err.toString()).contains("(training.learning-rate was ", ", now 0.5): undo the change");
    }

    @Test
    void validateSaysWhatIsThereAndShowsSettingsThatLoadAgain() throws IOException {
        assertThat(onPairs("validate", "--show")).as(err.toString()).isEqualTo(0);

        assertThat(out.toString())
                .contains("380 rows", "held out     20 rows\n", "image of 24 floats, text of 24 floats")
                .contains("columns      image = ", ", row 4: ", "24 image features")
                .contains("ids          in the order of column id");
        assertThat(out.toString().split("The settings can be used.", 2)[0])
                .as("said before the work")
                .endsWith("reading pairs from " + pairs() + System.lineSeparator());
        Path shown =
                Files.writeString(folder.resolve("shown.conf"), out.toString().split("reading pairs from", 2)[0]);
        assertThat(execute("validate", "--config", shown.toString())).isEqualTo(0);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "training.batch-size=381        | 3 | training.batch-size",
                "data.path=no/such/folder       | 3 | no/such/folder",
                "data.columns.image=picture     | 3 | picture",
                "data.train=id ==== 3           | 3 | data.train",
                "towers.image.activation=loud   | 2 | loud",
                "towers.text.graph=none.json    | 2 | none.json",
                "run.rank=3                     | 2 | run.ranks",
            })
    void whatCannotBeUsedHasAnExitCodeAndACauseOnTheLastLine(String setting, int code, String cause) {
        assertThat(onPairs("compare", "--out", folder.resolve("refused").toString(), "--set", setting))
                .isEqualTo(code);

        assertThat(err.toString().lines().reduce("", (before, last) -> last))
                .startsWith("siglip: Cannot ")
                .contains(cause);
    }

    @Test
    void aStepThatTakesLongerThanRanksAreWaitedForIsNoFaultOfTheProgram() {
        String large = folder.resolve("large").toString();
        assertThat(execute("prepare", "synthetic", "--rows=8192", "--width=16", "--signal=4", "--out=" + large))
                .isEqualTo(0);

        int code = onPairs(
                "compare",
                "--out=" + folder.resolve("late"),
                "--set=data.path=" + large,
                "--set=run.ranks=2",
                "--set=training.batch-size=7680",
                "--set=towers.width=2048",
                "--set=training.attempts=1",
                "--set=ring.heartbeat=100 ms",
                "--set=ring.wait-timeout=1 s");

        assertThat(code).as(err.toString()).isEqualTo(4);
        assertThat(err.toString())
                .contains("siglip: Giving up after 1 failed attempts", "Waited 1 s (ring.wait-timeout) in vain")
                .doesNotContain("\tat ");
    }

    @Test
    void aRunOfWhichNoArmFinishesHasNoResultAndIsNotDone() {
        String[] run = {
            "compare",
            "--out",
            folder.resolve("far").toString(),
            "--set",
            "run.name=far",
            "--set",
            "training.learning-rate=1e10",
            "--set",
            "training.steps=12"
        };

        assertThat(onPairs(run)).as(err.toString()).isEqualTo(5);
        assertThat(onPairs(with(run, "--overwrite"))).as(err.toString()).isEqualTo(5);
        assertThat(out.toString().lines().filter(line -> line.startsWith("R@1")))
                .isNotEmpty()
                .allMatch(line -> line.matches(".*stopped at step \\d+ +stopped at step \\d+"));
        assertThat(err.toString().lines())
                .hasSize(2)
                .allMatch(line -> line.startsWith("siglip: No arm finished: siglip: loss ")
                        && line.endsWith("A lower training.learning-rate or a training.clip-norm may help"));
        assertThat(onPairs(run)).as("the run is not done").isEqualTo(2);
        assertThat(err.toString()).contains("holds an earlier run: add --overwrite");
    }

    @Test
    void featuresThatLeaveFloat32AreNamedWithTheirColumnAndRange() throws IOException {
        Path rows = folder.resolve("large.jsonl");
        List<String> lines = new ArrayList<>();
        for (int row = 0; row < 64; row++) {
            String image = "%d.%02de38".formatted(row % 3, row) + ",3.3e38".repeat(511);
            lines.add("{\"id\": %d, \"image\": [%s], \"text\": [%d.5, %d.5, 1.5]}".formatted(row, image, row, row % 7));
        }
        Files.write(rows, lines);
        String[] run = {
            "compare",
            "--out=" + folder.resolve("large"),
            "--set=data.path=" + rows,
            "--set=data.scaling.image=none",
            "--set=run.name=large"
        };

        assertThat(onPairs(run)).as(err.toString()).isEqualTo(5);
        assertThat(err.toString().lines())
                .singleElement()
                .asString()
                .contains("column image holds ", " to 3.3e+38", "Set data.scaling.image = standardise or unit");
        for (String scaling : List.of("standardise", "unit")) {
            assertThat(onPairs(with(run, "--overwrite", "--set=data.scaling.image=" + scaling)))
                    .as(err.toString())
                    .isEqualTo(0);
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "--width=2147483647                          | --width must be from 1 to 65536, found 2147483647",
                "--width=4 --text-width=0                    | --text-width must be from 1 to 65536, found 0",
                "--width=4 --rows=9223372036854775807        | --rows must be from 1 to 1000000000000",
                "--width=4 --latent=2147483647               | --latent must be from 1 to 1024",
                "--width=4 --files=2147483647                | --files must be from 1 to 100000",
                "--width=4 --signal=NaN                      | signal to noise of NaN",
            })
    void syntheticPairsThatWouldNeverEndAreRefusedByTheirOption(String options, String message) {
        List<String> arguments = new ArrayList<>(List.of("prepare", "synthetic"));
        arguments.addAll(List.of(options.split(" +")));
        arguments.add("--out=" + folder.resolve("never"));
        for (String option : List.of("--rows=4", "--signal=1")) {
            if (!options.contains(option.substring(0, option.indexOf('=')))) {
                arguments.add(option);
            }
        }

        assertThat(execute(arguments.toArray(String[]::new))).isEqualTo(2);
        assertThat(err.toString()).contains(message);
        assertThat(folder.resolve("never")).doesNotExist();
    }

    @Test
    void anOutputFolderThatCannotBeIsRefusedBeforeTheTraining() throws IOException {
        Path file = Files.writeString(folder.resolve("a file"), "");

        assertThat(onPairs("compare", "--out", file.toString())).isEqualTo(2);
        assertThat(err.toString()).contains("cannot make the folder", "a file");
        assertThat(out.toString()).isEmpty();
    }

    @ParameterizedTest
    @ValueSource(strings = {"compare", "validate"})
    void anOutputFolderOfAFileSystemThatIsNotThereIsRefused(String command) {
        assertThat(onPairs(command, "--out", "gs://bucket/runs")).isEqualTo(2);
        assertThat(err.toString().lines())
                .singleElement()
                .asString()
                .contains("no file system for gs is on the class path: the library that has it is needed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"export", "prepare synthetic --rows=4 --width=4 --signal=1", "prepare emoji"})
    void anOutputOfAFileSystemThatIsNotThereIsRefusedBeforeTheWork(String command) {
        List<String> arguments = new ArrayList<>(List.of(command.split(" ", -1)));
        arguments.add("--out=gs://bucket/there");

        assertThat(execute(arguments.toArray(String[]::new))).isEqualTo(2);
        assertThat(err.toString()).contains("--out: cannot write to gs://bucket/there: no file system for gs");
    }

    @Test
    void aGraphOnAFileSystemThatIsNotThereIsRefusedWithWhatIsNeeded() {
        assertThat(onPairs("validate", "--set", "towers.image.graph=gs://bucket/graph.json"))
                .isEqualTo(2);
        assertThat(err.toString()).contains("gs://bucket/graph.json", "no file system for gs is on the class path");
    }

    @Test
    void lossPrintsOneJsonObjectAndWritesGradients() throws IOException {
        Path gradients = folder.resolve("gradients");
        String[] request = {
            "loss",
            "--input",
            pairs(),
            "--image-column",
            "image",
            "--text-column",
            "text",
            "--scale",
            "0.1",
            "--ranks",
            "2"
        };

        assertThat(execute(with(
                        request, "--loss", "sigmoid", "--bias", "-3", "--json", "--gradients", gradients.toString())))
                .as(err.toString())
                .isEqualTo(0);
        assertThat(out.toString().lines()).hasSize(1);
        JsonNode answer = new ObjectMapper().readTree(out.toString());
        assertThat(answer.fieldNames())
                .toIterable()
                .containsExactly(
                        "loss",
                        "d_log_scale",
                        "d_bias",
                        "d_relative_bias",
                        "image_gradient_norm",
                        "text_gradient_norm");
        assertThat(answer).allMatch(JsonNode::isDouble);
        assertThat(gradients).isDirectory();

        assertThat(execute(with(request, "--loss", "softmax", "--gradients", gradients.toString())))
                .isEqualTo(2);
        assertThat(err.toString()).contains("Cannot write gradients to " + gradients + ": it exists already");

        Path link = Files.createSymbolicLink(folder.resolve("link"), folder.resolve("nowhere"));
        assertThat(execute(with(request, "--loss", "softmax", "--gradients", link.toString())))
                .isEqualTo(2);
        assertThat(err.toString()).contains("Cannot write gradients to " + link + ": it exists already");

        assertThat(execute(with(request, "--loss", "sigmoid"))).isEqualTo(2);
        assertThat(err.toString()).contains("--bias");
    }

    @Test
    void lossTakesTheNamesAndScalarsOfTheRegistryAndNoOthers() {
        String[] request = {"loss", "--input", pairs(), "--image-column", "image", "--text-column", "text"};

        assertThat(execute(with(request, "--loss", "hinge"))).isEqualTo(2);
        assertThat(err.toString())
                .contains("'hinge'", "[sigmoid, sigmoid-relative, softmax, sigmoid-solved, hybrid, sigmoid-adaptive]");
        assertThat(execute(with(request, "--loss", "softmax", "--scale", "10", "--bias", "3")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("Cannot use --bias with --loss softmax: this loss has no bias");
        assertThat(execute(with(request, "--loss", "softmax", "--scale", "10", "--positive-weight", "3")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("Cannot use positive-weight with the softmax loss, which has none");
        assertThat(execute(with(request, "--loss", "softmax", "--scale", "-1"))).isEqualTo(2);
        assertThat(err.toString()).contains("Cannot use a scale of -1.0: log_scale would be NaN");
        assertThat(execute(with(request, "--loss", "softmax", "--scale", "1e300")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("Cannot use a scale of 1.0E300: float32 computes with 1e-30 to 1e30");
        assertThat(execute(with(request, "--loss", "softmax", "--scale", "1", "--set", "loss.duplicates=mask")))
                .isEqualTo(2);
        assertThat(err.toString()).contains("loss.duplicates = mask cannot be used by this command");
        assertThat(execute("loss", "--help")).isEqualTo(0);
        assertThat(out.toString().replaceAll("\\s+", " ")) // lines end where they are full
                .contains(
                        "One of sigmoid, sigmoid-relative, softmax, sigmoid-solved, hybrid, sigmoid-adaptive.",
                        "loss, d_log_scale, d_bias, d_relative_bias, image_gradient_norm");
    }

    @Test
    void prepareEmojiSaysWhichArtefactIsMissing() {
        assertThat(execute(
                        "prepare",
                        "emoji",
                        "--artefacts",
                        folder.toString(),
                        "--out",
                        folder.resolve("emoji").toString()))
                .isEqualTo(3);

        assertThat(err.toString()).contains("iconify__json-2.2.378.jar");
    }

    private static String pairs() {
        return folder.resolve("pairs").toString();
    }

    /** A command on the synthetic pairs, with a training of six small steps. */
    private int onPairs(String... arguments) {
        String[] command = {arguments[0]};
        String[] rest = List.of(arguments).subList(1, arguments.length).toArray(String[]::new);
        String[] small = with(
                command,
                "--config=" + SETTINGS,
                "--set=data.path=" + pairs(),
                "--set=training.batch-size=32",
                "--set=training.steps=6",
                "--set=training.warmup-steps=2",
                "--set=evaluation.every-steps=3",
                "--set=towers.image.hidden=[16]",
                "--set=towers.text.hidden=[16]",
                "--set=towers.width=8");
        return execute(with(small, rest)); // of two assignments the later one counts
    }

    private int execute(String... arguments) {
        return Main.commandLine(new Failures())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments);
    }

    private static String[] with(String[] arguments, String... more) {
        List<String> all = new ArrayList<>(List.of(arguments));
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }
}
