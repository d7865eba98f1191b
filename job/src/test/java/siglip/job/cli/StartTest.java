package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.cli.Shell.Ended;

/** The job where it cannot run: in a Java machine of its own that has neither Spark nor Hadoop. */
@Timeout(60)
class StartTest {
    private static final String NO_SPARK =
            "Cannot find Spark on the class path: submit the job with the spark-submit of Spark 3.5";

    @TempDir
    private Path folder;

    private Shell shell;

    @BeforeEach
    void open() {
        shell = new Shell(folder, Map.of("SIGLIP_PROGRAM", "it"));
    }

    @AfterEach
    void close() {
        shell.close();
    }

    @Test
    void aRefusalLeavesAResultLikeEveryOtherEnd() throws IOException, InterruptedException {
        Path file = folder.resolve("new/a:result.json");
        Files.createDirectories(file.getParent());
        Files.writeString(file, "{\"exit_code\":0,\"message\":\"of yesterday\"}");

        Ended ended = start(List.of(), "compare", "--result-id=7f\"", "--result", file.toString());

        assertThat(ended.code()).as(ended.output()).isEqualTo(2);
        assertThat(ended.output()).isEqualTo("it: " + NO_SPARK + "\n");
        JsonNode result = new ObjectMapper().readTree(file.toFile());
        assertThat(result.get("exit_code").intValue()).isEqualTo(2);
        assertThat(result.get("id").textValue()).isEqualTo("7f\"");
        assertThat(result.get("message").textValue()).isEqualTo(NO_SPARK);
        assertThat(file.getParent().toFile().list()).containsExactly("a:result.json");
    }

    @Test
    void aFileOfSomebodyElseStaysAndAPathThatNobodyKnowsIsNoCrash() throws IOException, InterruptedException {
        Path theirs = Files.writeString(folder.resolve("thesis.txt"), "theirs");

        Ended taken = start(List.of(), "compare", "--result=file:" + theirs);
        Ended unknown = start(List.of(), "compare", "--result=hdfs://me:hush@host/result.json");

        assertThat(taken.code()).isEqualTo(2);
        assertThat(taken.output()).contains(NO_SPARK, "something else lies there, name another file");
        assertThat(theirs).hasContent("theirs");
        assertThat(unknown.code()).isEqualTo(2);
        assertThat(unknown.output())
                .contains(NO_SPARK, "cannot write that to the file of --result: Hadoop")
                .doesNotContain("hush", "\tat ");
    }

    @Test
    void onYarnTheEndIsAnExceptionThatSaysWhatWasToldAndNoMore() throws IOException, InterruptedException {
        Ended ended = start(List.of("-Dspark.master=yarn", "-Dspark.submit.deployMode=cluster"), "compare");

        assertThat(ended.code()).isEqualTo(1);
        assertThat(ended.output())
                .isEqualTo("it: %s\nException in thread \"main\" exit code 2: %s\n".formatted(NO_SPARK, NO_SPARK));
    }

    @Test
    void whereHadoopIsThereItSaysWhoseTheFileIs() throws IOException {
        Path file = folder.resolve("a b:c.json");

        EarlyResult.write(new String[] {"--result", file.toUri().toString().replace("%20", " ")}, 2, "one\ntwo");

        assertThat(new ObjectMapper().readTree(file.toFile()).get("message").textValue())
                .isEqualTo("one\ntwo");
        assertThatThrownBy(() -> EarlyResult.write(new String[] {"--result=nosuch://x/r.json"}, 2, "no"))
                .isInstanceOf(IOException.class);
    }

    private Ended start(List<String> options, String... arguments) throws IOException, InterruptedException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return shell.run(Shell.words(
                Shell.words(
                        Shell.words(List.of(java), options),
                        List.of("-cp", "job/target/classes", Start.class.getName())),
                List.of(arguments)));
    }
}
