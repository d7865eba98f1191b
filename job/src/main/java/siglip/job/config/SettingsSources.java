package siglip.job.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where settings may come from, beside their defaults.
 *
 * @param assignments {@code key=value}, as given to {@code --set}; a later one beats an earlier one
 * @param properties of the Java system; those that begin with {@code siglip.} are settings
 * @param environment variables; those that begin with {@code CONFIG_FORCE_siglip_} are settings
 * @param file of settings
 */
public record SettingsSources(
        List<String> assignments,
        Map<String, String> properties,
        Map<String, String> environment,
        Optional<File> file) {

    /**
     * @param name shown in messages
     * @param text HOCON
     */
    public record File(String name, String text) {}

    public SettingsSources {
        assignments = List.copyOf(assignments);
        properties = Map.copyOf(properties);
        environment = Map.copyOf(environment);
    }
}
