package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;

/** What lies in {@code conf/} fits the code. */
class ConfFolderTest {
    private static final Path CONF = Path.of("..", "conf");

    static List<Path> profiles() throws IOException {
        try (Stream<Path> files = Files.list(CONF)) {
            return files.filter(file -> file.toString().endsWith(".conf"))
                    .sorted()
                    .toList();
        }
    }

    @Test
    void theJavaOptionsAreThoseOfSparkAndOurs() throws IOException {
        List<String> expected = new ArrayList<>(sparkOptions());
        expected.add("--add-modules=jdk.incubator.vector");
        expected.add("-Djava.awt.headless=true");
        expected.add("-Dorg.bytedeco.javacpp.canCreateSymbolicLink=false");

        assertThat(Files.readAllLines(CONF.resolve("jvm.options")))
                .filteredOn(line -> !line.isBlank() && !line.startsWith("#"))
                .containsExactlyElementsOf(expected);
    }

    @Test
    void testsRunWithTheOptionsOfSparkToo() {
        assertThat(ManagementFactory.getRuntimeMXBean().getInputArguments()).containsAll(sparkOptions());
    }

    @ParameterizedTest
    @MethodSource("profiles")
    void everyProfileLoads(Path profile) {
        SettingsSources.File file = SettingsSources.File.read(profile.toString(), Map.of());
        SettingsSources sources = new SettingsSources(List.of(), Map.of(), Map.of(), Optional.of(file));

        assertThatCode(() -> SettingsLoader.load(sources)).doesNotThrowAnyException();
    }

    private static List<String> sparkOptions() {
        return List.of(JavaModuleOptions.defaultModuleOptions().split(" "));
    }
}
