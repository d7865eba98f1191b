package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ResultFileTest {
    @TempDir
    private Path folder;

    @Test
    void theFileIsFoundOnACommandLineThatIsWrongElsewhere() {
        assertThat(ResultFile.named(new String[] {"compare", "--nosuch", "--result", "a/b.json"}))
                .contains(new ResultFile("a/b.json", Optional.empty()));
        assertThat(ResultFile.named(new String[] {"--result-id=7f", "--result=s3a://bucket/r.json", "nosuch"}))
                .contains(new ResultFile("s3a://bucket/r.json", Optional.of("7f")));
        assertThat(ResultFile.named(new String[] {"compare", "--results", "x"})).isEmpty();
        assertThat(ResultFile.named(new String[] {"compare", "--result"})).isEmpty();
    }

    @Test
    void itHoldsExitCodeAndMessageAndReplacesAnEarlierOne() throws IOException {
        Path file = folder.resolve("new/result.json");

        new ResultFile(file.toString(), Optional.empty()).write(Map.of(), 0, "done");
        new ResultFile(file.toString(), Optional.of("7f")).write(Map.of(), 3, "rows with \"quotes\"\tand tabs");

        JsonNode result = new ObjectMapper().readTree(file.toFile());
        assertThat(result.get("exit_code").intValue()).isEqualTo(3);
        assertThat(result.get("id").textValue()).isEqualTo("7f");
        assertThat(result.get("message").textValue()).isEqualTo("rows with \"quotes\"\tand tabs");
    }

    @Test
    void aFileThatIsNoResultIsNotReplaced() throws IOException {
        Path file = folder.resolve("result.json");
        ResultFile result = new ResultFile(file.toString(), Optional.empty());
        assertThat(result.refusal(Map.of())).as("nothing there").isEmpty();
        result.write(Map.of(), 0, "done");
        assertThat(result.refusal(Map.of())).as("a result").isEmpty();
        for (String text : List.of("my thesis", "{\"exit_code\": 1}", "[1, 2]", " ".repeat(1 << 17))) {
            Files.writeString(file, text);
            assertThat(result.refusal(Map.of())).as(text.strip()).isPresent();
        }
        Files.writeString(file, "");
        assertThat(result.refusal(Map.of())).as("made by mktemp").isEmpty();
        assertThat(new ResultFile(folder.toString(), Optional.empty()).refusal(Map.of()))
                .as("a folder")
                .isPresent();
    }

    @Test
    void whatAnEarlierAttemptOfTheSameDriverLeftIsForgotten() throws IOException {
        Path file = folder.resolve("result.json");
        ResultFile mine = new ResultFile(file.toString(), Optional.of("7f"));
        mine.forget(Map.of());

        mine.write(Map.of(), 4, "no room");
        new ResultFile(file.toString(), Optional.of("80")).forget(Map.of());
        new ResultFile(file.toString(), Optional.empty()).forget(Map.of());
        assertThat(file).as("that of another").exists();
        mine.forget(Map.of());

        assertThat(file).doesNotExist();
    }

    @Test
    void aLinkOrAPipeIsNeitherReadNorReplaced() throws Exception {
        Path earlier = folder.resolve("earlier.json");
        new ResultFile(earlier.toString(), Optional.empty()).write(Map.of(), 0, "done");
        Path link = Files.createSymbolicLink(folder.resolve("link"), earlier);
        Path dangling = Files.createSymbolicLink(folder.resolve("dangling"), folder.resolve("nowhere"));
        Path pipe = folder.resolve("pipe");
        assertThat(new ProcessBuilder("mkfifo", pipe.toString()).start().waitFor())
                .isEqualTo(0);

        for (Path each : List.of(link, dangling, pipe)) {
            ResultFile result = new ResultFile(each.toString(), Optional.empty());
            assertThat(assertTimeoutPreemptively(Duration.ofSeconds(20), () -> result.refusal(Map.of())))
                    .as(each.toString())
                    .isPresent();
        }
    }

    @Test
    void aResultThatCannotBeWrittenIsAFaultOfTheDiskAndNoCrash() throws IOException {
        ResultFile inAFile = new ResultFile(
                Files.writeString(folder.resolve("file"), "theirs")
                        .resolve("r.json")
                        .toString(),
                Optional.empty());

        assertThat(Main.write(inAFile, 0, "done")).isEqualTo(4);
        assertThat(Main.write(inAFile, 3, "bad rows")).as("the command's own").isEqualTo(3);
    }

    @Test
    void aPathWithAColonWillDoAndWhatIsNoneIsRefused() throws IOException {
        ResultFile colon = new ResultFile(folder.resolve("a:b.json").toString(), Optional.empty());

        colon.write(Map.of(), 0, "done");

        assertThat(colon.refusal(Map.of())).isEmpty();
        assertThat(folder.resolve("a:b.json")).exists();
        for (String none : List.of("", "http://127.0.0.1:1/r.json", "nosuch://x/r.json", "a b://x/r.json")) {
            assertThat(new ResultFile(none, Optional.empty()).refusal(Map.of()))
                    .as(none)
                    .isPresent();
        }
    }

    @Test
    void everyCommandTakesTheOption() {
        Stream.of("compare", "validate", "loss", "export", "prepare").forEach(command -> {
            StringWriter out = new StringWriter();
            Main.commandLine(new Failures())
                    .setOut(new PrintWriter(out))
                    .execute(command, "--result", "unused", "--help");
            assertThat(out.toString()).as(command).contains("--result=FILE");
        });
    }
}
