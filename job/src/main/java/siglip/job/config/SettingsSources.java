package siglip.job.config;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import siglip.job.files.FileSystems;

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
    public record File(String name, String text) {
        private static final int MAX_BYTES = 1 << 20;

        /**
         * Reads a file.
         *
         * @param path of any Hadoop file system; without a scheme, of the default one
         * @param properties of the Java system; those that begin with {@code spark.hadoop.} configure Hadoop, as in Spark
         * @throws SettingsException if it cannot be read
         */
        public static File read(String path, Map<String, String> properties) {
            Configuration hadoop = FileSystems.configuration(properties);
            try {
                try (InputStream in = FileSystems.open(FileSystems.path(path), hadoop)) {
                    byte[] bytes = in.readNBytes(MAX_BYTES + 1);
                    if (bytes.length > MAX_BYTES) {
                        throw new SettingsException(
                                List.of("--config %s: it is longer than 1 MiB, which no settings are".formatted(path)));
                    }
                    return new File(path, new String(bytes, StandardCharsets.UTF_8));
                }
            } catch (FileNotFoundException e) {
                throw new SettingsException(List.of("--config %s: there is no such file".formatted(path)));
            } catch (IOException e) {
                throw new SettingsException(List.of("--config %s: cannot be read: %s".formatted(path, e.getMessage())));
            }
        }
    }

    public SettingsSources {
        assignments = List.copyOf(assignments);
        properties = Map.copyOf(properties);
        environment = Map.copyOf(environment);
    }
}
