package siglip.job.config;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import siglip.job.files.FileSystems;

/** Reads a file of settings from any Hadoop file system. */
public final class SettingsFile {
    private SettingsFile() {}

    /**
     * @param path of any Hadoop file system; without a scheme, of the default one
     * @param properties of the Java system; those that begin with {@code spark.hadoop.} configure Hadoop, as in Spark
     * @throws SettingsException if it cannot be read
     */
    public static SettingsSources.File read(String path, Map<String, String> properties) {
        Configuration hadoop = FileSystems.configuration(properties);
        try {
            Path file = new Path(path);
            try (InputStream in = FileSystems.of(file, hadoop).open(file)) {
                return new SettingsSources.File(path, new String(in.readAllBytes(), StandardCharsets.UTF_8));
            }
        } catch (FileNotFoundException e) {
            throw new SettingsException(List.of("--config %s: there is no such file".formatted(path)));
        } catch (IOException | IllegalArgumentException e) {
            throw new SettingsException(List.of("--config %s: cannot be read: %s".formatted(path, e.getMessage())));
        }
    }
}
