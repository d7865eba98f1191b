package siglip.job.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The executors that this process or its children have started, on YARN too, as the operating system sees them. Linux only. */
final class ExecutorProcesses {
    private ExecutorProcesses() {}

    /** Their processes by their number in Spark. */
    static Map<Integer, ProcessHandle> running() {
        Map<Integer, ProcessHandle> found = new TreeMap<>();
        ProcessHandle.current().descendants().forEach(process -> {
            List<String> words = commandLine(process);
            int option = words.indexOf("--executor-id");
            if (option >= 0 && words.stream().anyMatch(word -> word.endsWith("CoarseGrainedExecutorBackend"))) {
                found.put(Integer.parseInt(words.get(option + 1)), process);
            }
        });
        return found;
    }

    private static List<String> commandLine(ProcessHandle process) {
        try {
            String line =
                    Files.readString(Path.of("/proc", Long.toString(process.pid()), "cmdline"), StandardCharsets.UTF_8);
            return List.of(line.split("\0", -1));
        } catch (IOException gone) {
            return List.of();
        }
    }

    /** SIGKILL. */
    static void kill(ProcessHandle process) {
        if (!process.destroyForcibly()) {
            throw new IllegalStateException("Cannot kill " + process);
        }
    }

    /** SIGSTOP: the process keeps all that it has, and does nothing. */
    static void freeze(ProcessHandle process) {
        try {
            Process stop = new ProcessBuilder("sh", "-c", "kill -STOP " + process.pid())
                    .inheritIO()
                    .start();
            if (stop.waitFor() != 0) {
                throw new IllegalStateException("Cannot freeze " + process);
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }
}
