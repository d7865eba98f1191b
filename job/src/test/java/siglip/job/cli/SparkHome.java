package siglip.job.cli;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;

/** What Spark wants to start executors without a distribution: a folder with one jar that names this test's class path. */
final class SparkHome {
    private SparkHome() {}

    /** Makes the folder that the environment's SPARK_HOME names. */
    static void create() throws IOException {
        String home = System.getenv("SPARK_HOME");
        if (home == null) {
            throw new IllegalStateException("Cannot start executors: SPARK_HOME is not set. Run the test by Maven");
        }
        Path jars = Files.createDirectories(Path.of(home, "jars"));
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.CLASS_PATH, classPath());
        new JarOutputStream(Files.newOutputStream(jars.resolve("class-path.jar")), manifest).close();
    }

    /** As URIs, of which those of folders end with a slash: so it is with those of folders that exist. */
    private static String classPath() {
        String entries = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return Arrays.stream(entries.split(File.pathSeparator, -1))
                .map(entry -> Path.of(entry).toUri().toString())
                .collect(Collectors.joining(" "));
    }
}
