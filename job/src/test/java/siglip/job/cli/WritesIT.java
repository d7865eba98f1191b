package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Nothing that the program did not write is deleted or replaced, and what it wrote only when told to. */
class WritesIT {
    private static final String OUT = "OUT";
    private static final String PARENT = "PARENT";
    private static final String NAME = "NAME";

    /** What is run, by the command, with its folder as {@link #OUT}, or as {@link #NAME} in {@link #PARENT}. */
    private static final Map<String, List<String>> WRITING = Map.of(
            "compare", List.of("--out=" + PARENT, "--name=" + NAME),
            "export", List.of("--out=" + OUT),
            "loss",
                    List.of(
                            "--image-column=image",
                            "--text-column=text",
                            "--loss=softmax",
                            "--scale=1",
                            "--gradients=" + OUT),
            "prepare emoji", List.of("--artefacts=none", "--out=" + OUT),
            "prepare synthetic", List.of("--rows=40", "--width=4", "--signal=1", "--out=" + OUT),
            "study", List.of("--out=" + PARENT, "--name=" + NAME, "--set=study.seeds=2"));

    private static final Set<String> PRINTING = Set.of("completion", "plan", "stability", "validate");
    private static final Set<String> OVERWRITING =
            Set.of("compare", "export", "prepare emoji", "prepare synthetic", "study");

    /** What has been done is done, and what lies beside it is of no account. */
    private static final Set<String> RUNNING = Set.of("compare", "study");

    @TempDir
    static Path folder;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void makePairs() {
        assertThat(new WritesIT().execute("prepare synthetic", pairs())).isZero();
    }

    static Set<String> writing() {
        return WRITING.keySet();
    }

    @Test
    void everyCommandThatThereIsIsTriedOrOnlyPrints() {
        List<String> names = new ArrayList<>();
        Main.commandLine(new Failures()).getSubcommands().forEach((name, command) -> {
            if (command.getSubcommands().isEmpty()) {
                names.add(name);
            }
            command.getSubcommands().keySet().forEach(sub -> names.add(name + " " + sub));
        });

        assertThat(names)
                .containsExactlyInAnyOrderElementsOf(Stream.concat(PRINTING.stream(), WRITING.keySet().stream())
                        .toList());
    }

    @ParameterizedTest
    @MethodSource("writing")
    void aFileWhereAFolderIsWantedIsRefusedAndStays(String command) throws IOException {
        Path file = Files.writeString(fresh(command).resolve("file"), "theirs");

        for (String[] more : options(command)) {
            assertThat(execute(command, file, more)).as(err.toString()).isEqualTo(2);
            assertThat(execute(command, file.resolve("below"), more))
                    .as(err.toString())
                    .isEqualTo(2);
        }
        assertThat(file).hasContent("theirs");
        assertThat(err.toString()).doesNotContain("\tat ");
    }

    @ParameterizedTest
    @MethodSource("writing")
    void aFolderOfSomebodyElseIsRefusedAndStaysAsItIs(String command) throws IOException {
        Path theirs = fresh(command);
        for (String name : List.of(
                "report.html", "study.html", "part-00000.parquet", "NOTICE.md", "model.json", "deep/er/thesis.txt")) {
            Files.createDirectories(theirs.resolve(name).getParent());
            Files.writeString(theirs.resolve(name), "theirs");
        }
        Map<String, String> before = tree(theirs);

        for (String[] more : options(command)) {
            assertThat(execute(command, theirs, more)).as(err.toString()).isEqualTo(2);
            assertThat(tree(theirs)).isEqualTo(before);
        }
        assertThat(err.toString()).contains("name another").doesNotContain("\tat ");
    }

    @ParameterizedTest
    @MethodSource("writing")
    void whatItWroteIsReplacedWithOverwriteAloneAndNotBesideAFileOfSomebodyElse(String command) throws IOException {
        if (command.equals("prepare emoji")) {
            return; // needs artefacts, and shares its code with the other
        }
        Path own = folder.resolve(command.replace(' ', '-') + "-own");
        assertThat(execute(command, own)).as(err.toString()).isZero();
        Map<String, String> first = tree(own);

        assertThat(execute(command, own)).isEqualTo(RUNNING.contains(command) ? 0 : 2); // a run that is done is done
        assertThat(names(tree(own).keySet())).isEqualTo(names(first.keySet()));
        if (!OVERWRITING.contains(command)) {
            return;
        }
        assertThat(execute(command, own, "--overwrite")).as(err.toString()).isZero();
        assertThat(names(tree(own).keySet())).isEqualTo(names(first.keySet()));

        Path theirs = Files.writeString(own.resolve("thesis.txt"), "theirs");
        assertThat(execute(command, own, "--overwrite")).isEqualTo(RUNNING.contains(command) ? 0 : 2);
        assertThat(theirs).hasContent("theirs");
    }

    @Test
    void fewerFilesLeaveNoneOfTheEarlierOnes() throws IOException {
        Path own = folder.resolve("fewer");
        assertThat(execute("prepare synthetic", own, "--files=3")).isZero();
        assertThat(execute("prepare synthetic", own, "--files=1", "--overwrite"))
                .isZero();

        assertThat(tree(own)).containsOnlyKeys("_siglip-files", "part-00000.parquet");
    }

    private static List<String[]> options(String command) {
        return OVERWRITING.contains(command)
                ? List.of(new String[] {}, new String[] {"--overwrite"})
                : List.of(new String[] {}, new String[] {});
    }

    private static Path fresh(String command) throws IOException {
        return Files.createTempDirectory(folder, command.replace(' ', '-'));
    }

    private static Path pairs() {
        return folder.resolve("pairs");
    }

    /** Those that do not hold the id of a driver. */
    private static List<String> names(Set<String> paths) {
        return paths.stream()
                .filter(path ->
                        Stream.of("checkpoints/", "claims/", "tensorboard/").noneMatch(path::contains))
                .toList();
    }

    /** Files and their contents. */
    private static Map<String, String> tree(Path root) throws IOException {
        Map<String, String> files = new TreeMap<>();
        try (Stream<Path> all = Files.walk(root)) {
            for (Path path : all.toList()) {
                if (Files.isRegularFile(path)) {
                    files.put(
                            root.relativize(path).toString(),
                            new String(Files.readAllBytes(path), java.nio.charset.StandardCharsets.ISO_8859_1));
                }
            }
        }
        return files;
    }

    private int execute(String command, Path where, String... more) {
        List<String> arguments = new ArrayList<>(List.of(command.split(" ", -1)));
        WRITING.get(command)
                .forEach(option -> arguments.add(option.replace(OUT, where.toString())
                        .replace(PARENT, where.getParent().toString())
                        .replace(NAME, where.getFileName().toString())));
        if (command.equals("loss")) {
            arguments.add("--input=" + pairs());
        }
        if (RUNNING.contains(command) || command.equals("export")) {
            arguments.addAll(List.of(
                    "--config=" + Path.of("..", "conf", "synthetic.conf"),
                    "--set=data.path=" + pairs(),
                    "--set=data.test=id % 4 = 3",
                    "--set=data.train=null",
                    "--set=training.batch-size=8",
                    "--set=training.steps=2",
                    "--set=training.warmup-steps=1",
                    "--set=evaluation.every-steps=2",
                    "--set=towers.image.hidden=[4]",
                    "--set=towers.text.hidden=[4]",
                    "--set=towers.width=4"));
        }
        arguments.addAll(List.of(more));
        return Main.commandLine(new Failures())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments.toArray(String[]::new));
    }
}
