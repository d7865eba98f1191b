package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The scripts and the jar on a real cluster: a master, two workers, a secret, nothing but Maven's artefacts. */
@Timeout(600)
class ClusterIT {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final Path JAR = Path.of("target", "siglip-spark.jar").toAbsolutePath();
    private static final long PATIENCE_SECONDS = 240;

    @TempDir
    private static Path folder;

    private static String master;

    /** How a script ended, and what it and its children said. */
    private record Ended(int code, String output) {}

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        assumeTrue(Files.exists(JAR), "the jar is packed in a build of everything, or with -Dthin.jar.skip=false");
        Ended up = script("cluster", "up", "--authenticate");
        assertThat(up.code).as(up.output).isZero();
        master = up.output
                .lines()
                .filter(line -> line.startsWith("spark://127.0.0.1:"))
                .findFirst()
                .orElseThrow();
    }

    @AfterAll
    static void endsAllThatItStartedAndNothingElse() throws IOException, InterruptedException {
        List<ProcessHandle> started = processes();
        Ended down = script("cluster", "down");

        assertThat(down.code).as(down.output).isZero();
        for (ProcessHandle process : started) { // an ended one counts as alive until the system has reaped it
            assertThat(process.onExit()).as("process %d ends", process.pid()).succeedsWithin(Duration.ofSeconds(15));
        }
        assertThat(script("cluster", "status").code).isEqualTo(1);
        if (master != null) {
            assertThat(started).as("master and workers").hasSizeGreaterThanOrEqualTo(3);
        }
    }

    @Test
    void aComparisonInClientModeLeavesItsFiguresAndNothingElse() throws IOException, InterruptedException {
        Ended run = submit(List.of("--deploy-mode", "client"), compare("client"));

        assertThat(run.code).as(run.output).isZero();
        assertThat(run.output).contains("Report: ");
        assertThat(folder.resolve("runs/client/metrics.json")).isNotEmptyFile();
    }

    @Test
    void aDriverOnAWorkerReportsItsResultHere() throws IOException, InterruptedException {
        Ended run = submit(List.of("--deploy-mode=cluster", "--name=elsewhere"), compare("cluster"));

        assertThat(run.code).as(run.output).isZero();
        assertThat(run.output).contains("submit: the driver ended with exit code 0: done");
        assertThat(folder.resolve("runs/cluster/metrics.json")).isNotEmptyFile();
    }

    @Test
    void aWrongSettingIsExitCodeTwoInBothModes() throws IOException, InterruptedException {
        List<String> wrong = List.of("compare", "--set", "training.stepz=4");

        Ended client = submit(List.of(), wrong);
        Ended cluster = submit(List.of("--deploy-mode", "cluster"), wrong);

        String cause = "unknown key training.stepz (did you mean training.steps?)";
        assertThat(client.code).as(client.output).isEqualTo(2);
        assertThat(client.output).contains(cause);
        assertThat(cluster.code).as(cluster.output).isEqualTo(2);
        assertThat(cluster.output).contains("the driver ended with exit code 2", cause);
    }

    @Test
    void aDriverThatLeavesNoResultIsACrash() throws IOException, InterruptedException {
        Ended run = submit(
                List.of("--deploy-mode", "cluster", "--driver-java-options", "--add-modules=no.such.module"),
                List.of("validate"));

        assertThat(run.code).as(run.output).isEqualTo(1);
        assertThat(run.output).containsPattern("the driver driver-[0-9-]+ ended without a result");
    }

    @Test
    void asTwoClustersWouldBeASecondIsRefused() throws IOException, InterruptedException {
        Ended again = script("cluster", "up");

        assertThat(again.code).as(again.output).isEqualTo(2);
        assertThat(script("cluster", "status").output).contains("worker-2 runs as process", "master: " + master);
    }

    private static List<String> compare(String name) {
        List<String> command = new ArrayList<>(List.of("compare", "--out", folder + "/runs", "--name", name));
        for (String setting : List.of(
                "data.train=\"vendor = 'noto' and group in ('Food & Drink', 'Activities')\"",
                "data.test=\"vendor = 'noto-v1' and group = 'Food & Drink'\"",
                "training.batch-size=32",
                "training.steps=4",
                "training.warmup-steps=2",
                "evaluation.every-steps=4",
                "evaluation.nearest-neighbour=false",
                "towers.width=16",
                "towers.image.hidden=[24]",
                "towers.text.hidden=[20]",
                "towers.table.buckets=512",
                "towers.table.width=8")) {
            command.add("--set");
            command.add(setting);
        }
        return command;
    }

    private static Ended submit(List<String> options, List<String> job) throws IOException, InterruptedException {
        List<String> arguments = new ArrayList<>(options);
        arguments.addAll(job);
        return script("submit", arguments.toArray(String[]::new));
    }

    private static Ended script(String name, String... arguments) throws IOException, InterruptedException {
        List<String> command =
                new ArrayList<>(List.of(ROOT.resolve("scripts").resolve(name).toString()));
        command.addAll(List.of(arguments));
        Path output = Files.createTempFile(folder, name, ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(ROOT.toFile())
                .redirectErrorStream(true)
                .redirectOutput(Redirect.to(output.toFile()))
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()));
        builder.environment().remove("SPARK_HOME"); // that of the other tests has no scripts
        builder.environment().remove("SPARK_CONF_DIR");
        builder.environment().put("SIGLIP_CLUSTER", folder.resolve("cluster").toString());
        builder.environment().put("SIGLIP_JAR", JAR.toString());
        Process process = builder.start();
        try {
            assertThat(process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS))
                    .as("%s ended: %s", command, Files.readString(output))
                    .isTrue();
        } finally {
            process.descendants().filter(child -> !processes().contains(child)).forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly();
        }
        return new Ended(process.exitValue(), Files.readString(output));
    }

    /** Master, workers and what they started. */
    private static List<ProcessHandle> processes() {
        List<ProcessHandle> found = new ArrayList<>();
        try (Stream<Path> files =
                Files.exists(folder.resolve("cluster")) ? Files.list(folder.resolve("cluster")) : Stream.empty()) {
            for (Path file :
                    files.filter(path -> path.toString().endsWith(".pid")).toList()) {
                long id = Long.parseLong(Files.readString(file).split(" ", -1)[0]);
                ProcessHandle.of(id).ifPresent(process -> {
                    found.add(process);
                    process.descendants().forEach(found::add);
                });
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return found;
    }
}
