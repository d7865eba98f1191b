package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.cli.Shell.Ended;

/** What {@code scripts/submit} tells managers other than Spark's own, and what it makes of their answers; they are stand-ins. */
@Timeout(120)
class SubmitTest {
    /** Prints its arguments, a line each; then the result and the id are $result and $id. */
    private static final String LISTEN =
            """
            printf 'argument %s\\n' "$@"
            echo "INFO Client: Application report for application_1700000000000_0003 (state: RUNNING)"
            while [[ $1 != --result ]]; do shift; done
            result=${2#file:} id=$4
            end() { printf '{"exit_code":%d,"id":"%s","message":"%s"}\\n' "$1" "$id" "$2" >"$result"; }
            """;

    @TempDir
    private Path folder;

    private Shell shell;

    @BeforeEach
    void open() {
        shell = new Shell(folder, Map.of());
    }

    @AfterEach
    void close() {
        shell.close();
    }

    @Test
    void onYarnTheDriverGetsTheEnvironmentAndOneAttempt() throws IOException, InterruptedException {
        Ended ended = submit(
                "yarn",
                "end 0 done",
                Map.of("CONFIG_FORCE_siglip_training_steps", "7", "CONFIG_FORCE_siglip_data_train", "a = \"$b\""));

        assertThat(ended.done())
                .contains(
                        "argument spark.yarn.maxAppAttempts=1\n",
                        "argument spark.yarn.appMasterEnv.SIGLIP_PROGRAM=scripts/submit\n",
                        "argument spark.yarn.appMasterEnv.SIGLIP_SAMPLE=" + Shell.ROOT.resolve("data/emoji") + "\n",
                        "argument spark.yarn.appMasterEnv.SIGLIP_RUNS=" + Shell.ROOT.resolve("runs") + "\n",
                        "argument spark.yarn.appMasterEnv.OMP_NUM_THREADS=1\n",
                        "argument spark.executorEnv.OMP_NUM_THREADS=1\n",
                        "argument spark.yarn.appMasterEnv.LC_ALL=C.UTF-8\n",
                        "argument spark.executorEnv.LC_ALL=C.UTF-8\n",
                        "argument spark.yarn.appMasterEnv.CONFIG_FORCE_siglip_training_steps=7\n",
                        "argument spark.yarn.appMasterEnv.CONFIG_FORCE_siglip_data_train=a = \\\"\\$b\\\"\n",
                        "the driver ended with exit code 0: done");
    }

    @Test
    void onKubernetesTheDriverGetsTheEnvironmentAsItIs() throws IOException, InterruptedException {
        Ended ended =
                submit("k8s://https://127.0.0.1:1", "end 0 done", Map.of("CONFIG_FORCE_siglip_data_train", "\"$b\""));

        assertThat(ended.done())
                .contains(
                        "argument spark.kubernetes.driverEnv.CONFIG_FORCE_siglip_data_train=\"$b\"\n",
                        "argument spark.kubernetes.driverEnv.SIGLIP_PROGRAM=scripts/submit\n")
                .doesNotContain("spark.yarn.maxAppAttempts", "appMasterEnv");
    }

    @Test
    void whatTheUserHasSetForYarnStays() throws IOException, InterruptedException {
        Files.writeString(
                folder.resolve("spark-defaults.conf"),
                "spark.yarn.maxAppAttempts 4\nspark.yarn.appMasterEnv.OMP_NUM_THREADS=2\n");

        String said = submit("yarn", "end 0 done", Map.of(), "--conf=spark.executorEnv.OMP_NUM_THREADS=3")
                .done();

        assertThat(said).doesNotContain("maxAppAttempts", "appMasterEnv.OMP_NUM_THREADS");
        assertThat(said.indexOf("spark.executorEnv.OMP_NUM_THREADS=3"))
                .as("the last one wins")
                .isGreaterThan(said.indexOf("spark.executorEnv.OMP_NUM_THREADS=1"));
    }

    @Test
    void onYarnTheResultOfTheLastAttemptCounts() throws IOException, InterruptedException {
        Ended ended = submit("yarn", "end 4 'no room'; sleep 3; end 0 done", Map.of());

        assertThat(ended.done()).contains("the driver ended with exit code 0: done");
    }

    @Test
    void aFailureThatSparkSubmitKnowsOfIsToldInTheDriversWords() throws IOException, InterruptedException {
        Ended ended = submit("yarn", "end 3 'no column image'; exit 1", Map.of());

        assertThat(ended.code()).as(ended.output()).isEqualTo(3);
        assertThat(ended.output()).contains("the driver ended with exit code 3: no column image");
    }

    @Test
    void aDriverOnYarnThatLeavesNoResultIsNamed() throws IOException, InterruptedException {
        Ended failed = submit("yarn", "exit 1", Map.of());
        Ended lost = submit("yarn", "", Map.of());

        assertThat(failed.code()).as(failed.output()).isEqualTo(1);
        assertThat(failed.output())
                .contains(
                        "spark-submit failed with exit code 1", "the driver may live: application_1700000000000_0003");
        assertThat(lost.code()).as(lost.output()).isEqualTo(1);
        assertThat(lost.output())
                .contains("ended without a result", "Its log: yarn logs -applicationId application_1700000000000_0003");
    }

    @Test
    void noLoginInTheEnvironmentReachesThePagesOfSpark() throws IOException, InterruptedException {
        Ended ended = submit(
                "yarn", "end 0 done", Map.of("CONFIG_FORCE_siglip_data_path", "s3a://me:hush@bucket/pairs.parquet"));

        assertThat(ended.code()).as(ended.output()).isEqualTo(2);
        assertThat(ended.output())
                .contains("CONFIG_FORCE_siglip_data_path=s3a://(redacted)@bucket/")
                .doesNotContain("hush", "argument ");
    }

    private Ended submit(String master, String driver, Map<String, String> environment, String... options)
            throws IOException, InterruptedException {
        program("spark/bin/spark-class", "");
        program("spark/bin/spark-submit", LISTEN + driver);
        Path result = Files.writeString(folder.resolve("result.json"), "{\"exit_code\":0,\"message\":\"earlier\"}\n");
        Map<String, String> more = new TreeMap<>(environment);
        more.put("SPARK_HOME", folder.resolve("spark").toString());
        more.put("SPARK_CONF_DIR", folder.toString());
        more.put("SIGLIP_JAR", result.toString());
        return shell.run(
                Shell.words(
                        Shell.words(
                                List.of(
                                        "env",
                                        "-u",
                                        "SIGLIP_RUNS",
                                        "-u",
                                        "SIGLIP_SAMPLE",
                                        "scripts/submit",
                                        "--master=" + master,
                                        "--deploy-mode=cluster",
                                        "--result-at=file:" + result),
                                List.of(options)),
                        List.of("compare")),
                more);
    }

    private void program(String name, String commands) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/usr/bin/env bash\n" + commands + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
