package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.cli.Shell.Ended;
import siglip.job.cli.Shell.Running;

/** The jar on YARN in both deploy modes, with authentication and AES. */
@Timeout(600)
class YarnIT {
    @TempDir
    private static Path folder;

    private static Shell shell;
    private static LoopbackYarn yarn;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        Shell.requireJar();
        shell = new Shell(
                folder,
                Map.of(
                        "SIGLIP_JAR", Shell.JAR.toString(),
                        "SIGLIP_CLUSTER", folder.resolve("none").toString(),
                        "SPARK_LOCAL_IP", "127.0.0.1"));
        yarn = new LoopbackYarn(folder, shell);
    }

    @AfterAll
    static void endsAllThatItStarted() {
        if (shell == null) {
            return; // there is no jar
        }
        List<ProcessHandle> started =
                yarn == null ? List.of() : yarn.processes().toList();
        shell.close();
        for (ProcessHandle process : started) {
            assertThat(process.onExit()).as("process %d ends", process.pid()).succeedsWithin(Duration.ofSeconds(15));
        }
    }

    @Test
    void aContainerThatIsKilledWhileTrainingIsReplacedAndNoStepIsLost() throws IOException, InterruptedException {
        Running run = shell.start(command(List.of(), compare("client", 60)), yarn.environment());
        run.await("(?m)^(?:siglip|clip) +step ([1-9])");

        ExecutorProcesses.kill(ExecutorProcesses.running().values().iterator().next());

        assertThat(run.process().onExit()).succeedsWithin(Duration.ofMinutes(4));
        assertThat(run.process().exitValue()).as(run.said()).isZero();
        assertThat(run.said()).contains("Report: ");
        assertThat(Files.readAllLines(folder.resolve("runs/client/steps.jsonl")))
                .hasSize(2 * 60);
        assertThat(folder.resolve("runs/client/metrics.json")).content().contains("is lost");
    }

    @Test
    void aDriverOnYarnEndsAsSucceededAndReportsItsResultHere() throws IOException, InterruptedException {
        Ended run = submit(List.of("--deploy-mode=cluster"), "done", compare("cluster", 4));

        assertThat(run.done()).contains("final status: SUCCEEDED", "submit: the driver ended with exit code 0: done");
        assertThat(folder.resolve("runs/cluster/metrics.json")).isNotEmptyFile();
    }

    @Test
    void aWrongSettingEndsInOneAttemptWhoseFinalStatusNamesIt() throws IOException, InterruptedException {
        String cause = "unknown key training.stepz (did you mean training.steps?)";
        List<String> wrong = List.of("compare", "--set", "training.stepz=4");

        Ended client = submit(List.of(), "", wrong);
        Ended cluster = submit(List.of("--deploy-mode=cluster"), "settings", wrong);

        assertThat(client.code()).as(client.output()).isEqualTo(2);
        assertThat(client.output()).contains(cause);
        assertFailed(cluster, 2, cause);
    }

    @Test
    void whatTheDataLackIsTheFinalStatusToo() throws IOException, InterruptedException {
        assertFailed(
                submit(List.of("--deploy-mode=cluster"), "data", List.of("validate", "--set=data.columns.text=titel")),
                3,
                "titel");
    }

    private static void assertFailed(Ended run, int code, String cause) {
        assertThat(run.code()).as(run.output()).isEqualTo(code);
        assertThat(run.output())
                .contains("the driver ended with exit code " + code, "final status: FAILED", cause)
                .doesNotContain("Shutdown hook called before final status", "appattempt_1_000002");
        assertThat(run.output().split("final status: FAILED", 2)[1].split("the driver ended", 2)[0])
                .as("the final status")
                .contains(cause);
    }

    private static List<String> compare(String name, int steps) {
        return Shell.words(
                List.of("compare", "--out", folder + "/runs", "--name", name, "--set=training.batch-size=32"),
                Shell.words(
                        List.of("--set=training.steps=" + steps),
                        SmallEmoji.SETTINGS.stream()
                                .map(setting -> "--set=" + setting)
                                .toList()));
    }

    /** @param result where a driver in the cluster writes how it ended */
    private static Ended submit(List<String> options, String result, List<String> job)
            throws IOException, InterruptedException {
        List<String> at = result.isEmpty() ? List.of() : List.of("--result-at=file:" + folder + "/" + result + ".json");
        return shell.run(command(Shell.words(options, at), job), yarn.environment());
    }

    private static List<String> command(List<String> options, List<String> job) {
        return Shell.words(Shell.words(List.of("scripts/submit"), options), job);
    }
}
