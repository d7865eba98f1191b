package siglip.job.trackers;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A Python with packages, in an environment below {@code target/} that the first test makes and later ones find. */
final class PythonEnvironment {
    private static final Path FOLDER = Path.of("target", "python");

    private final Path python;

    private PythonEnvironment(Path python) {
        this.python = python;
    }

    /**
     * Skips the test where Python or its pip is missing, or pip finds no packages.
     *
     * @param packages with their versions
     */
    static PythonEnvironment with(String name, String... packages) throws IOException, InterruptedException {
        Path home = FOLDER.resolve(name).toAbsolutePath();
        Path python = home.resolve("bin/python");
        Path whole = home.resolve("installed");
        String wanted = String.join(" ", packages);
        if (!Files.exists(whole) || !Files.readString(whole).equals(wanted)) {
            Files.createDirectories(FOLDER);
            Path log = FOLDER.resolve(name + ".log").toAbsolutePath();
            assumeTrue(
                    works(log, "python3", "-m", "venv", "--clear", home.toString()),
                    "python3 with venv and pip is missing here, so %s was not tested: see %s".formatted(wanted, log));
            List<String> install = new ArrayList<>(
                    List.of(python.toString(), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"));
            install.addAll(List.of(packages));
            assumeTrue(
                    works(log, install.toArray(new String[0])),
                    "pip cannot install %s here, so it was not tested: see %s".formatted(wanted, log));
            Files.writeString(whole, wanted);
        }
        return new PythonEnvironment(python);
    }

    private static boolean works(Path log, String... command) throws IOException, InterruptedException {
        try {
            Process process = new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                    .start();
            if (!process.waitFor(5, TimeUnit.MINUTES)) {
                process.destroyForcibly().waitFor();
                return false;
            }
            return process.exitValue() == 0;
        } catch (IOException notThere) {
            return false;
        }
    }

    /** What a script prints. */
    String run(Path script, Path out, String... arguments) throws IOException, InterruptedException {
        List<String> command = new ArrayList<>(List.of(python.toString(), script.toString()));
        command.addAll(List.of(arguments));
        Path errors = out.resolveSibling(out.getFileName() + ".err");
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(errors.toFile())
                .start();
        if (!process.waitFor(2, TimeUnit.MINUTES) || process.exitValue() != 0) {
            process.destroyForcibly().waitFor();
            throw new IOException("%s failed: %s".formatted(command, Files.readString(errors)));
        }
        return Files.readString(out);
    }
}
