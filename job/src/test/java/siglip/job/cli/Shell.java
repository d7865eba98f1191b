package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Starts programs in the root of the project, with their output in files; ends on close all that still run. */
final class Shell implements AutoCloseable {
    static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    static final Path JAR = Path.of("target", "siglip-spark.jar").toAbsolutePath();

    private static final long PATIENCE_SECONDS = 420;

    private final Path folder;
    private final Map<String, String> environment;
    private final List<Process> started = new ArrayList<>();

    /** How a program ended, and what it and its children said. */
    record Ended(int code, String output) {
        /** What it said, if it did well. */
        String done() {
            assertThat(code).as(output).isZero();
            return output;
        }
    }

    /** One that runs. */
    record Running(Process process, Path output) {
        String said() {
            try {
                return Files.readString(output);
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }

        /** Waits until it has said what the pattern asks for, and returns the first group. */
        String await(String pattern) throws InterruptedException {
            long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (System.nanoTime() - deadline < 0) {
                boolean alive = process.isAlive();
                Matcher found = Pattern.compile(pattern).matcher(said());
                if (found.find()) {
                    return found.group(1);
                }
                if (!alive) {
                    throw new AssertionError("ended before it said %s: %s".formatted(pattern, said()));
                }
                Thread.sleep(100);
            }
            throw new AssertionError("has not said %s in %d s: %s".formatted(pattern, PATIENCE_SECONDS, said()));
        }
    }

    /**
     * @param folder for the outputs
     * @param environment of every program, beside that of this process less what Maven tells tests about Spark
     */
    Shell(Path folder, Map<String, String> environment) {
        this.folder = folder;
        this.environment = environment;
    }

    /** Skips a test where the jar is not packed. */
    static void requireJar() {
        assumeTrue(Files.exists(JAR), "the jar is packed in a build of everything, or with -Dthin.jar.skip=false");
    }

    /** A command of two parts. */
    static List<String> words(List<String> first, List<String> rest) {
        return Stream.concat(first.stream(), rest.stream()).toList();
    }

    /** Runs it to its end. */
    Ended run(List<String> command) throws IOException, InterruptedException {
        return run(command, Map.of());
    }

    /** Runs it to its end, with more in its environment. */
    Ended run(List<String> command, Map<String, String> more) throws IOException, InterruptedException {
        Running running = start(command, more);
        if (!running.process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
            throw new AssertionError(
                    "%s has not ended in %d s: %s".formatted(command, PATIENCE_SECONDS, running.said()));
        }
        return new Ended(running.process.exitValue(), running.said());
    }

    Running start(List<String> command, Map<String, String> more) throws IOException {
        Path output = Files.createTempFile(folder, "output", ".log");
        ProcessBuilder builder = new ProcessBuilder(command)
                .directory(ROOT.toFile())
                .redirectErrorStream(true)
                .redirectOutput(Redirect.to(output.toFile()))
                .redirectInput(Redirect.from(Path.of("/dev/null").toFile()));
        List.of("SPARK_HOME", "SPARK_CONF_DIR", "SPARK_LOCAL_IP", "SPARK_SCALA_VERSION")
                .forEach(builder.environment()::remove);
        builder.environment().putAll(environment);
        builder.environment().putAll(more);
        Process process = builder.start();
        started.add(process);
        return new Running(process, output);
    }

    @Override
    public void close() {
        List<ProcessHandle> all = new ArrayList<>();
        for (Process process : started) {
            process.descendants().forEach(all::add);
            process.destroy();
        }
        for (Process process : started) {
            try {
                if (process.waitFor(20, TimeUnit.SECONDS)) {
                    continue;
                }
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
            process.destroyForcibly();
        }
        all.forEach(ProcessHandle::destroyForcibly);
    }
}
