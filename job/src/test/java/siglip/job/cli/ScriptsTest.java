package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.cli.Shell.Ended;

/** The scripts, with stand-ins for Maven and Spark. */
@Timeout(120)
class ScriptsTest {
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
    void aResultThatLiesThereAlreadyIsNotThatOfThisDriver() throws IOException, InterruptedException {
        Path result = Files.writeString(
                folder.resolve("result.json"), "{\"exit_code\":0,\"id\":\"0123\",\"message\":\"done\"}\n");
        String driver =
                """
                echo "driver-20260102030405-0007 is running"
                while [[ $1 != --result ]]; do shift; done
                sleep 1.5
                printf '{"exit_code":3,"id":"%s","message":"no column image"}\\n' "$4" >"$2"
                """;

        Ended ended = submit(driver, result);

        assertThat(ended.code()).as(ended.output()).isEqualTo(3);
        assertThat(ended.output()).contains("scripts/submit: the driver ended with exit code 3: no column image");
    }

    @Test
    void aDriverThatLeavesNoResultFailsAlthoughAnEarlierOneDid() throws IOException, InterruptedException {
        Path result = Files.writeString(folder.resolve("result.json"), "{\"exit_code\":0,\"message\":\"done\"}\n");

        Ended ended = submit("echo driver-20260102030405-0007", result);

        assertThat(ended.code()).as(ended.output()).isEqualTo(1);
        assertThat(ended.output()).contains("the driver driver-20260102030405-0007 ended without a result");
    }

    @Test
    void submitWithoutACommandSaysHowToBegin() throws IOException, InterruptedException {
        Ended ended = shell.run(List.of("scripts/submit"));

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.output())
                .contains("scripts/submit [OPTION...] COMMAND")
                .endsWith("scripts/submit: no command: try scripts/submit compare\n");
        String commands = ended.output().split("A COMMAND is", 2)[1].split("--help", 2)[0];
        Main.commandLine(new Failures()).getSubcommands().keySet().stream()
                .filter(command -> !command.equals("completion"))
                .forEach(command -> assertThat(commands).contains(command));
    }

    @Test
    void anUnknownOptionTakesNoCommandForItsValue() throws IOException, InterruptedException {
        Ended ended = shell.run(List.of("scripts/submit", "--bogus", "compare"));

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.output()).contains("unknown option --bogus: ");
    }

    @Test
    void noLoginReachesThePagesOfSpark() throws IOException, InterruptedException {
        Path jar = Files.writeString(folder.resolve("a.jar"), "a jar");

        Ended ended = submit("echo submitted >&2", jar, "s3a://me:hush@bucket/result.json");

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.output()).contains("(redacted)@bucket/").doesNotContain("hush", "submitted");
    }

    @Test
    void whatMavenSaysComesWithoutEscapeCodesAndWithItsExitCode() throws IOException, InterruptedException {
        program("bin/mvn", "printf '\\e[0m\\e[0m[\\e[1;31mERROR\\e[m] no such goal\\n'; exit 3");

        Ended ended = shell.run(
                List.of("bash", "-c", "set -euo pipefail; . scripts/lib.sh; quiet_maven x"),
                Map.of("PATH", folder.resolve("bin") + ":" + System.getenv("PATH")));

        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.output()).startsWith("[ERROR] no such goal\n").doesNotContain("\033");
    }

    @ParameterizedTest
    @CsvSource({"comp, compare completion", "prepare syn, synthetic", "compare --over, --overwrite"})
    void theCompletionCompletesCommandsAndOptions(String typed, String completed)
            throws IOException, InterruptedException {
        StringWriter script = new StringWriter();
        Main.commandLine(new Failures())
                .setCommandName("/a path/scripts/run-local")
                .setOut(new PrintWriter(script, true))
                .execute("completion");
        Path completion = Files.writeString(folder.resolve("completion"), script.toString());
        String complete =
                """
                source '%s'
                COMP_WORDS=(run-local %s) COMP_CWORD=%d
                complete_it=$(complete -p run-local | sed 's/.*-F \\([^ ]*\\).*/\\1/')
                "$complete_it" 2>/dev/null && echo "${COMPREPLY[*]}"
                """
                        .formatted(completion, typed, typed.split(" ", -1).length);

        Ended ended = shell.run(List.of("bash", "-c", complete));

        assertThat(ended.done().split("\\s+")).containsExactlyInAnyOrder(completed.split(" ", -1));
    }

    @Test
    void aSparkHomeKeepsFilesOfOthersAndLeavesNoDraft() throws IOException, InterruptedException {
        program("bin/mvn", "for last; do :; done; mkdir -p \"${last#*=}\"; echo jar >\"${last#*=}/spark.jar\"");
        Map<String, String> environment = Map.of("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        Path home = folder.resolve("spark");
        List<String> build = List.of("scripts/spark-home", home.toString());
        Path draft = Files.createDirectory(folder.resolve("spark.draft"));

        assertThat(shell.run(build, environment).code())
                .as("somebody else's draft")
                .isEqualTo(2);
        Files.writeString(draft.resolve("drafted-by-scripts"), "");
        shell.run(build, environment).done();
        Path theirs = Files.writeString(home.resolve("conf/core-site.xml"), "theirs");
        Files.writeString(home.resolve("jars/spark.jar"), "old");
        shell.run(List.of("scripts/spark-home", "--s3", home.toString()), environment)
                .done();

        assertThat(theirs).hasContent("theirs");
        assertThat(home.resolve("jars/spark.jar")).hasContent("jar");
        assertThat(home.resolve("bin/spark-submit")).isExecutable();
        assertThat(draft).doesNotExist();
        assertThat(shell.run(List.of("scripts/spark-home", folder.toString()), environment)
                        .code())
                .as("a folder of somebody else")
                .isEqualTo(2);
        assertThat(theirs).hasContent("theirs");
    }

    @Test
    void aScriptThatIsCalledThroughALinkTakesItsOwnProjectAndLeavesNothingBesideTheLink()
            throws IOException, InterruptedException {
        Path link = folder.resolve("elsewhere/scripts/cluster");
        Files.createDirectories(link.getParent());
        Files.createSymbolicLink(link, Shell.ROOT.resolve("scripts/cluster"));

        Ended ended = shell.run(List.of("env", "-u", "SIGLIP_CLUSTER", link.toString(), "status"));

        assertThat(ended.output()).contains(Shell.ROOT.resolve("target/cluster").toString());
        assertThat(folder.resolve("elsewhere").toFile().list()).containsExactly("scripts");
        assertThat(link.getParent().toFile().list()).containsExactly("cluster");
    }

    @Test
    void aClusterWhoseProcessesHaveGoneIsSaidToHaveEnded() throws IOException, InterruptedException {
        Files.writeString(folder.resolve("master.pid"), "999999999 123\n");
        Files.writeString(
                folder.resolve("worker-1.pid"), ProcessHandle.current().pid() + " 1\n");
        Files.writeString(folder.resolve("worker-2.pid"), "");
        Map<String, String> environment = Map.of("SIGLIP_CLUSTER", folder.toString());

        Ended status = shell.run(List.of("scripts/cluster", "status"), environment);
        String down = shell.run(List.of("scripts/cluster", "down"), environment).done();

        assertThat(status.code()).as(status.output()).isEqualTo(1);
        assertThat(status.output())
                .contains("master has ended, log ")
                .contains("worker-1 has ended (process %d is another program), log "
                        .formatted(ProcessHandle.current().pid()))
                .contains("worker-2 has ended, log ")
                .endsWith("scripts/cluster down ends what is left of it\n");
        assertThat(down).contains("down (0 processes)");
        assertThat(folder.resolve("master.pid")).doesNotExist();
    }

    @ParameterizedTest
    @ValueSource(strings = {"C", "POSIX"})
    void javaCanNameEveryFileWhateverTheLocale(String locale) throws IOException, InterruptedException {
        String property = "\"$java\" -XshowSettings:properties -version 2>&1 | grep sun.jnu.encoding";

        String encoding = shell.run(
                        List.of("bash", "-c", "set -euo pipefail; . scripts/lib.sh; " + property),
                        Map.of("LC_ALL", locale))
                .done();

        assertThat(encoding).contains("UTF-8");
    }

    @Test
    void theSettingsOfSomebodyElseAreNotReplacedAsAContainerStarts() throws IOException, InterruptedException {
        program("spark/conf/log4j2.properties", "");
        Path settings = folder.resolve("conf/spark-defaults.conf");
        Map<String, String> environment = Map.of(
                "SPARK_HOME", folder.resolve("spark").toString(),
                "SPARK_CONF_DIR", settings.getParent().toString(),
                "SPARK_SECRET", "secret");
        List<String> start = List.of("docker/start-spark", "true");

        shell.run(start, environment).done();
        shell.run(start, environment).done();
        assertThat(settings).content().contains("spark.authenticate true");
        Files.writeString(settings, "theirs");

        assertThat(shell.run(start, environment).code()).isEqualTo(2);
        assertThat(settings).hasContent("theirs");
    }

    @ParameterizedTest
    @ValueSource(strings = {"scripts/cluster up", "scripts/bench/tune", "scripts/bench/twin"})
    void aFolderOfSomebodyElseIsNoPlaceForAScript(String command) throws IOException, InterruptedException {
        program("spark/bin/spark-class", "");
        Path theirs = folder.resolve("theirs/full-of-life");
        Files.createDirectories(theirs.getParent());
        Files.writeString(theirs, "theirs");
        String out = theirs.getParent().toString();

        Ended ended = shell.run(
                List.of(command.split(" ", -1)),
                Map.of(
                        "SIGLIP_CLUSTER",
                        out,
                        "OUT",
                        out,
                        "SPARK_HOME",
                        folder.resolve("spark").toString()));

        assertThat(ended.code()).as(ended.output()).isEqualTo(2);
        assertThat(ended.output()).contains(out + " holds something else");
        assertThat(theirs.getParent().toFile().list()).containsExactly("full-of-life");
        assertThat(theirs).hasContent("theirs");
    }

    @Test
    void aFileThatIsNoResultIsRefusedAsThePlaceForOne() throws IOException, InterruptedException {
        Path file = Files.writeString(folder.resolve("thesis.txt"), "theirs");

        Ended ended = submit("echo must not be asked", file);

        assertThat(ended.code()).isEqualTo(2);
        assertThat(ended.output()).contains("holds something else than a result");
        assertThat(file).hasContent("theirs");
    }

    /** Submits in cluster mode to a spark-submit that does this with its arguments. */
    private Ended submit(String driver, Path result) throws IOException, InterruptedException {
        return submit(driver, result, result.toString());
    }

    private Ended submit(String driver, Path jar, String result) throws IOException, InterruptedException {
        program("spark/bin/spark-class", "");
        program("spark/bin/spark-submit", driver);
        return shell.run(
                List.of(
                        "scripts/submit",
                        "--master=spark://127.0.0.1:1",
                        "--deploy-mode=cluster",
                        "--result-at=" + result,
                        "compare"),
                Map.of(
                        "SPARK_HOME",
                        folder.resolve("spark").toString(),
                        "SPARK_CONF_DIR",
                        folder.toString(),
                        "SIGLIP_JAR",
                        jar.toString()));
    }

    private void program(String name, String commands) throws IOException {
        Path file = folder.resolve(name);
        Files.createDirectories(file.getParent());
        Files.writeString(file, "#!/usr/bin/env bash\n" + commands + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }
}
