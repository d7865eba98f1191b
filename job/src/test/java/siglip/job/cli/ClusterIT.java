package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.cli.Shell.Ended;

/** The scripts and the jar on a real cluster: a master, two workers, a secret, nothing but Maven's artefacts. */
@Timeout(900)
class ClusterIT {
    private static final List<String> SMALL =
            Shell.words(SmallEmoji.SETTINGS, List.of("training.batch-size=32", "training.steps=4"));

    @TempDir
    private static Path folder;

    private static Shell shell;
    private static String master = "";

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        Shell.requireJar();
        shell = new Shell(
                folder,
                Map.of(
                        "SIGLIP_CLUSTER", folder.resolve("cluster").toString(),
                        "SIGLIP_JAR", Shell.JAR.toString()));
        master = script("cluster", "up", "--authenticate")
                .done()
                .lines()
                .filter(line -> line.startsWith("spark://127.0.0.1:"))
                .findFirst()
                .orElseThrow();
    }

    @AfterAll
    static void endsAllThatItStartedAndNothingElse() throws IOException, InterruptedException {
        if (shell == null) {
            return; // there is no jar
        }
        List<ProcessHandle> started = processes();
        script("cluster", "down").done();

        for (ProcessHandle process : started) { // an ended one counts as alive until the system has reaped it
            assertThat(process.onExit()).as("process %d ends", process.pid()).succeedsWithin(Duration.ofSeconds(15));
        }
        assertThat(script("cluster", "status").code()).isEqualTo(1);
        shell.close();
        assertThat(started).as("master and workers").hasSizeGreaterThanOrEqualTo(3);
    }

    @Test
    void aComparisonInClientModeLeavesItsFiguresAndNothingElse() throws IOException, InterruptedException {
        String said =
                submit(List.of("--deploy-mode", "client"), compare("client")).done();

        assertThat(said).contains("Report: ");
        assertThat(folder.resolve("runs/client/metrics.json")).isNotEmptyFile();
    }

    @Test
    void aDriverOnAWorkerReportsItsResultHere() throws IOException, InterruptedException {
        String said = submit(List.of("--deploy-mode=cluster", "--name=elsewhere"), compare("cluster"))
                .done();

        assertThat(said).contains("submit: the driver ended with exit code 0: done");
        assertThat(folder.resolve("runs/cluster/metrics.json")).isNotEmptyFile();
    }

    @Test
    void aWrongSettingIsExitCodeTwoInBothModes() throws IOException, InterruptedException {
        List<String> wrong = List.of("compare", "--set", "training.stepz=4");

        Ended client = submit(List.of(), wrong);
        Ended cluster = submit(List.of("--deploy-mode", "cluster"), wrong);

        String cause = "unknown key training.stepz (did you mean training.steps?)";
        assertThat(client.code()).as(client.output()).isEqualTo(2);
        assertThat(client.output()).contains(cause);
        assertThat(cluster.code()).as(cluster.output()).isEqualTo(2);
        assertThat(cluster.output()).contains("the driver ended with exit code 2", cause);
    }

    @Test
    void aDriverThatLeavesNoResultIsACrash() throws IOException, InterruptedException {
        Ended run = submit(
                List.of("--deploy-mode", "cluster", "--driver-java-options", "--add-modules=no.such.module"),
                List.of("validate"));

        assertThat(run.code()).as(run.output()).isEqualTo(1);
        assertThat(run.output()).containsPattern("the driver driver-[0-9-]+ ended without a result");
    }

    @Test
    void asTwoClustersWouldBeASecondIsRefused() throws IOException, InterruptedException {
        Ended again = script("cluster", "up");

        assertThat(again.code()).as(again.output()).isEqualTo(2);
        assertThat(script("cluster", "status").output()).contains("worker-2 runs as process", "master: " + master);
    }

    /** The DAG on stand-ins for Airflow; then the commands that it renders, as they are. */
    @Test
    void theCommandsOfTheAirflowDagRunAndItsGateReadsTheirFigures() throws IOException, InterruptedException {
        assumeTrue(hasPython(), "python3 is not on the PATH");
        assertThat(dag(List.of("refuse")).output()).contains("SparkSubmitOperator has no parameter executor_memori");
        Path settings = Files.writeString(folder.resolve("dag.conf"), String.join("\n", SMALL));
        List<String> params = List.of(
                "jar=" + Shell.JAR,
                "config=" + settings,
                "pairs=" + Shell.ROOT.resolve("data/emoji/pairs.parquet"),
                "out=" + folder.resolve("runs"));
        String rendered = dag(Shell.words(List.of("commands", master), params)).done();

        ObjectMapper json = new ObjectMapper();
        String home = Shell.ROOT.resolve("target/spark-home").toString();
        Map<String, String> worker =
                Map.of("SPARK_HOME", home, "SPARK_CONF_DIR", folder + "/cluster/conf", "SPARK_LOCAL_IP", "127.0.0.1");
        for (String line : rendered.lines().toList()) {
            List<String> command = json.readValue(line, new TypeReference<List<String>>() {});
            assertThat(command).startsWith("spark-submit", "--master", master);
            command.set(0, home + "/bin/spark-submit"); // a program is looked for on the path of this process
            shell.run(command, worker).done();
        }

        assertThat(dag(Shell.words(List.of("gate", "at_least=0"), params)).output())
                .contains("arms.siglip.retrieval.seen.image_to_text.r1");
        Ended low = dag(Shell.words(List.of("gate", "at_least=1.01"), params));
        assertThat(low.code()).isNotZero();
        assertThat(low.output()).contains("at least 1.01 was asked for");
    }

    private static boolean hasPython() throws IOException, InterruptedException {
        return shell.run(List.of("bash", "-c", "command -v python3")).code() == 0;
    }

    private static Ended dag(List<String> arguments) throws IOException, InterruptedException {
        return shell.run(Shell.words(List.of("python3", "-B", "scripts/airflow/try_dag.py"), arguments));
    }

    private static List<String> compare(String name) {
        return Shell.words(
                List.of("compare", "--out", folder + "/runs", "--name", name),
                SMALL.stream().map(setting -> "--set=" + setting).toList());
    }

    private static Ended submit(List<String> options, List<String> job) throws IOException, InterruptedException {
        return shell.run(Shell.words(Shell.words(List.of("scripts/submit"), options), job));
    }

    private static Ended script(String name, String... arguments) throws IOException, InterruptedException {
        return shell.run(Shell.words(List.of("scripts/" + name), List.of(arguments)));
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
