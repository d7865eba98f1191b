package siglip.job.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;
import picocli.CommandLine.Option;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;

/** The options that every command with settings has. */
final class SettingsOptions {
    @Option(
            names = "--config",
            paramLabel = "FILE",
            description = "Settings file in HOCON; a path on any Hadoop file system. reference.conf lists all keys.")
    private Optional<String> config = Optional.empty();

    @Option(
            names = "--set",
            paramLabel = "KEY=VALUE",
            description = "One setting, such as training.steps=100; overrides the file. May be given many times.")
    private List<String> assignments = new ArrayList<>();

    /** Those of the Java system. */
    static Map<String, String> properties() {
        return System.getProperties().stringPropertyNames().stream()
                .collect(Collectors.toMap(key -> key, System::getProperty));
    }

    /**
     * The settings of this call.
     *
     * @param more assignments that beat those of the options
     */
    LoadedSettings load(List<String> more) {
        return SettingsLoader.load(sources(more));
    }

    /** Where they come from, with {@code more} as above. */
    SettingsSources sources(List<String> more) {
        List<String> all = new ArrayList<>(assignments);
        all.addAll(more);
        Map<String, String> properties = properties();
        Optional<SettingsSources.File> file = config.map(path -> SettingsSources.File.read(path, properties));
        return new SettingsSources(all, properties, System.getenv(), file);
    }
}
