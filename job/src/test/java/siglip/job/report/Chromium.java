package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** Runs pages in the Chromium of this machine, without a window. */
final class Chromium {
    private static final List<String> NAMES =
            List.of("chromium", "chromium-browser", "google-chrome", "google-chrome-stable");

    private final String program;
    private final Path folder;

    /** Colours that a reader prefers; the number is Chromium's own. */
    enum Scheme {
        DARK,
        LIGHT
    }

    private Chromium(String program, Path folder) {
        this.program = program;
        this.folder = folder;
    }

    /** Skips the test where there is none. */
    static Chromium find(Path folder) {
        List<String> found = Stream.of(System.getenv("PATH").split(File.pathSeparator, -1))
                .flatMap(place -> NAMES.stream().map(name -> Path.of(place, name)))
                .filter(Files::isExecutable)
                .map(Path::toString)
                .toList();
        assumeTrue(!found.isEmpty(), "no Chromium on the PATH: how wide a page comes out was not tested");
        return new Chromium(found.get(0), folder);
    }

    /** The page's document after its scripts have run, as HTML. */
    String document(String html, Scheme scheme) throws IOException, InterruptedException {
        Path page = Files.writeString(folder.resolve("page.html"), html);
        Path out = folder.resolve("document.html");
        List<String> command =
                new ArrayList<>(List.of(program, "--headless=new", "--disable-gpu", "--disable-dev-shm-usage"));
        if (System.getProperty("user.name").equals("root")) {
            command.add("--no-sandbox"); // its sandbox refuses to start
        }
        command.add("--user-data-dir=" + folder.resolve("profile"));
        command.add("--blink-settings=preferredColorScheme=" + scheme.ordinal());
        command.add("--dump-dom");
        command.add(page.toUri().toString());
        Process process = new ProcessBuilder(command)
                .redirectOutput(out.toFile())
                .redirectError(folder.resolve("errors.log").toFile())
                .start();
        try {
            assertThat(process.waitFor(60, TimeUnit.SECONDS))
                    .as("Chromium ends")
                    .isTrue();
        } finally {
            process.descendants().forEach(ProcessHandle::destroyForcibly);
            process.destroyForcibly().waitFor(10, TimeUnit.SECONDS);
        }
        return Files.readString(out);
    }
}
