package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import org.apache.spark.SparkException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import siglip.job.config.SettingsException;
import siglip.job.figures.RunFigures;
import siglip.job.formats.DataException;
import siglip.job.report.SampleRun;
import siglip.job.stage.SlotsException;

class MainTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    /** Ends as it is told to. */
    @Command(name = "end")
    private static final class End implements Callable<Integer> {
        private final Callable<Integer> ending;

        private End(Callable<Integer> ending) {
            this.ending = ending;
        }

        @Override
        public Integer call() throws Exception {
            return ending.call();
        }
    }

    /** Loads settings. */
    @Command(name = "load")
    private static final class Load implements Callable<Integer> {
        @Mixin
        private RunOptions settings;

        @Override
        public Integer call() {
            settings.load(List.of());
            return 0;
        }
    }

    @Test
    void successSaysNothingOnTheErrorStream() {
        assertThat(end(() -> 0)).isEqualTo(0);
        assertThat(err.toString()).isEmpty();
    }

    @Test
    void aCrashShowsItsStackTraceAndThenItsCauseInOneLine() {
        int code = end(() -> {
            throw new IllegalStateException("rank 1 is gone\nand more");
        });

        assertThat(code).isEqualTo(1);
        assertThat(err.toString()).contains("at siglip.job.cli.MainTest");
        assertThat(lastError()).isEqualTo("siglip: rank 1 is gone");
    }

    @Test
    void whatTheClusterDoesNotProvideHasACodeOfItsOwn() {
        assertThat(end(() -> {
                    throw new SlotsException("no room for 4 ranks");
                }))
                .isEqualTo(4);
        assertThat(err.toString().lines()).containsExactly("siglip: no room for 4 ranks");
    }

    @Test
    void tooLittleMemoryIsNoCrashAndSaysWhereToReadOn() {
        assertThat(end(() -> {
                    throw new OutOfMemoryError("Java heap space");
                }))
                .isEqualTo(4);
        assertThat(err.toString().lines())
                .containsExactly(
                        "siglip: Not enough memory (Java heap space): docs/memory.md says what a run takes and where to set it");
    }

    @Test
    void aRunOfWhichNoArmCameToItsEndHasACodeOfItsOwn() {
        RunFigures first = new SampleRun().diverging(0, 0).diverging(1, 0).figures();
        RunFigures later = new SampleRun().diverging(0, 5).diverging(1, 6).figures();

        assertThat(end(() -> {
                    throw new NoResultException(first);
                }))
                .isEqualTo(5);
        assertThat(lastError())
                .contains("siglip: No arm finished: ", ". clip: ")
                .doesNotContain("learning-rate");
        assertThat(end(() -> {
                    throw new NoResultException(later);
                }))
                .isEqualTo(5);
        assertThat(lastError()).endsWith(". A lower training.learning-rate or a training.clip-norm may help");
    }

    @Test
    void theReadmeListsEveryExitCode() throws IOException {
        String line = Files.readAllLines(Path.of("..", "README.md")).stream()
                .filter(each -> each.startsWith("Exit codes: "))
                .findFirst()
                .orElseThrow();

        for (ExitCode code : ExitCode.values()) {
            assertThat(line).containsPattern("[ ,]" + code.code() + " ");
        }
    }

    @Test
    void anErrorOfTheJavaMachineEndsTheProgramToo() {
        int code = end(() -> {
            throw new UnsatisfiedLinkError("no library");
        });

        assertThat(code).isEqualTo(1);
        assertThat(lastError()).isEqualTo("siglip: java.lang.UnsatisfiedLinkError: no library");
    }

    @Test
    void aFailureOfDataIsRecognisedInsideThatOfSpark() {
        int code = end(() -> {
            throw new SparkException("Job aborted", new DataException("no column image"));
        });

        assertThat(code).isEqualTo(3);
        assertThat(err.toString().lines()).containsExactly("siglip: no column image");
    }

    @Test
    void aCrashInSparkTellsTheInnermostCause() {
        int code = end(() -> {
            throw new SparkException(
                    "Job aborted due to stage failure: Task 0 in stage 6.0 failed 1 times",
                    new IllegalStateException("disk is full\nmore"));
        });

        assertThat(code).isEqualTo(1);
        assertThat(lastError()).isEqualTo("siglip: disk is full");
    }

    @Test
    void allErrorsOfSettingsAreShownAndTheirNumberLast() {
        int code = end(() -> {
            throw new SettingsException(List.of("my.conf:1: a", "my.conf:2: b"));
        });

        assertThat(code).isEqualTo(2);
        assertThat(err.toString().lines())
                .containsExactly(
                        "my.conf:1: a",
                        "my.conf:2: b",
                        "siglip: Cannot use the settings: 2 errors, the first: my.conf:1: a");
    }

    @Test
    void aWrongCommandLineEndsWithTheHelpThatWouldDo() {
        assertThat(execute(Main.commandLine(new Failures()), "prepare", "emoji", "--fulll", "--out", "x"))
                .isEqualTo(2);
        assertThat(err.toString().lines()).first().isEqualTo("Try 'siglip prepare emoji --help'");
        assertThat(lastError()).startsWith("siglip: Unknown option: '--fulll'");
    }

    @Test
    void noCommandIsAWrongCommandLineThatSaysWhatThereIsAndHowToBegin() {
        assertThat(execute(Main.commandLine(new Failures()))).isEqualTo(2);
        assertThat(err.toString()).contains("Trains the arms of a comparison", "To begin:", "  siglip compare");
        assertThat(lastError())
                .startsWith("siglip: no command: there are compare, ")
                .contains("validate");

        assertThat(execute(Main.commandLine(new Failures()), "prepare")).isEqualTo(2);
        assertThat(lastError()).isEqualTo("siglip: no command: there are emoji, synthetic");
    }

    @ParameterizedTest
    @CsvSource({"comparee, compare", "vaildate, validate", "exprot, export", "completions, completion"})
    void anUnknownCommandGetsTheNearest(String wrong, String nearest) {
        assertThat(execute(Main.commandLine(new Failures()), wrong)).isEqualTo(2);
        assertThat(lastError()).isEqualTo("siglip: Unknown command: '%s' (did you mean %s?)".formatted(wrong, nearest));
    }

    @Test
    void anUnknownOptionGetsTheNearest() {
        assertThat(execute(Main.commandLine(new Failures()), "compare", "--overwite"))
                .isEqualTo(2);
        assertThat(lastError()).endsWith("'--overwite' (did you mean --overwrite?)");
    }

    @Test
    void messagesAndHelpNameTheProgramAsItWasCalled() {
        CommandLine line = Main.commandLine(new Failures()).setCommandName("scripts/run-local");

        assertThat(execute(line, "compare", "--nosuch")).isEqualTo(2);
        assertThat(err.toString().lines()).first().isEqualTo("Try 'scripts/run-local compare --help'");
        assertThat(lastError()).startsWith("scripts/run-local: ");
        assertThat(execute(line, "--help")).isEqualTo(0);
        assertThat(out.toString()).contains("Usage: scripts/run-local ").doesNotContain("siglip ");
    }

    @Test
    void helpAndVersionAreNoFailures() {
        assertThat(execute(Main.commandLine(new Failures()), "--help")).isEqualTo(0);
        assertThat(execute(Main.commandLine(new Failures()), "prepare", "emoji", "--version"))
                .isEqualTo(0);
        assertThat(out.toString()).contains("Usage: siglip", "Exit codes:", "Spark 3.5.9");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "compare",
                "completion",
                "export",
                "loss",
                "plan",
                "prepare",
                "prepare emoji",
                "prepare synthetic",
                "validate"
            })
    void theHelpOfEveryCommandListsTheExitCodes(String command) {
        List<String> arguments = new ArrayList<>(List.of(command.split(" ")));
        arguments.add("--help");

        assertThat(execute(Main.commandLine(new Failures()), arguments.toArray(String[]::new)))
                .isEqualTo(0);
        assertThat(out.toString().split("Exit codes:", 2)[1].lines())
                .anyMatch(line -> line.strip().matches("3 +the data cannot be used"));
    }

    @Test
    void theOptionsOfSettingsReachTheSettings() {
        CommandLine line = Main.commandLine(new Failures()).addSubcommand(new Load());

        assertThat(execute(line, "load", "--set", "training.steps=100", "--out", "x", "--name", "y"))
                .isEqualTo(0);
        assertThat(execute(line, "load", "--set", "training.stepz=100", "--name", "a/b"))
                .isEqualTo(2);
        assertThat(err.toString())
                .contains(
                        "--set: unknown key training.stepz (did you mean training.steps?)",
                        "--set: run.name must be a name of up to 100 letters");
        assertThat(execute(line, "load", "--config", "no/such/file.conf")).isEqualTo(2);
        assertThat(lastError()).endsWith("--config no/such/file.conf: there is no such file");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "validate --set data.path=s3a://me:hush@bucket/x",
                "compare --out s3a://me:hu/sh@bucket/x",
                "export s3a://me:hush@bucket/x --out x --result=ftp://me:hush@host/r.json",
                "validate --nosuch=s3a://me:hush@bucket/x",
                "s3a://me:hush@bucket/x"
            })
    void noLoginOnTheCommandLineIsTakenOrShown(String arguments) {
        Failures failures = new Failures();

        assertThat(execute(Main.commandLine(failures), arguments.split(" "))).isEqualTo(2);
        assertThat(err.toString() + out + failures.told())
                .contains("://(redacted)@")
                .doesNotContain("hu");
    }

    @Test
    void theTraceOfACrashShowsNoLogin() {
        int code = end(() -> {
            throw new IllegalStateException(
                    "at s3a://me:hush@bucket", new IllegalStateException("or ftp://me:hush@host"));
        });

        assertThat(code).isEqualTo(1);
        assertThat(err.toString())
                .contains("s3a://(redacted)@bucket", "ftp://(redacted)@host")
                .doesNotContain("hush");
    }

    private int end(Callable<Integer> ending) {
        return execute(Main.commandLine(new Failures()).addSubcommand(new End(ending)), "end");
    }

    private int execute(CommandLine line, String... args) {
        return line.setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args);
    }

    private String lastError() {
        return err.toString().lines().reduce("", (before, last) -> last);
    }
}
