package siglip.job.checkpoint;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.DigestOutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import siglip.job.config.LoadedSettings;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.files.FileSystems;
import siglip.job.files.Sha256;
import siglip.job.model.ModelFiles;

/**
 * Files that settings name and that decide what is trained: the graphs of towers, and the models that arms start from. Their names say too little: another graph of
 * as many parameters may lie there when the run goes on.
 */
final class NamedFiles {
    private NamedFiles() {}

    /**
     * The decisive settings, and the hash of each such file.
     *
     * @throws SettingsException if one cannot be read: without its content a run would look like another
     */
    static Map<String, String> with(LoadedSettings loaded, Configuration hadoop) {
        Map<String, String> decisive = new TreeMap<>(loaded.decisive());
        files(loaded.settings())
                .forEach((key, paths) -> decisive.put("content of " + key, "SHA-256 " + hash(key, paths, hadoop)));
        return decisive;
    }

    private static Map<String, List<String>> files(Settings settings) {
        Map<String, List<String>> files = new LinkedHashMap<>();
        settings.towers().image().graph().ifPresent(path -> files.put("towers.image.graph", List.of(path)));
        settings.towers().text().graph().ifPresent(path -> files.put("towers.text.graph", List.of(path)));
        for (LossSettings.Arm arm : settings.loss().arms()) {
            Stream.of(arm.image().start(), arm.text().start())
                    .flatMap(Optional::stream)
                    .forEach(model -> files.put(
                            "the model in " + model,
                            ModelFiles.NAMES.stream()
                                    .map(name -> model + "/" + name)
                                    .toList()));
        }
        return files;
    }

    private static String hash(String key, List<String> paths, Configuration hadoop) {
        try (DigestOutputStream hash = new DigestOutputStream(OutputStream.nullOutputStream(), Sha256.digest())) {
            for (String path : paths) {
                Path file = FileSystems.path(path);
                try (InputStream in = FileSystems.open(file, hadoop)) {
                    in.transferTo(hash);
                }
            }
            return Sha256.text(hash.getMessageDigest());
        } catch (IOException | IllegalArgumentException e) {
            throw new SettingsException(
                    List.of("%s: cannot read %s: %s".formatted(key, String.join(", ", paths), e.getMessage())));
        }
    }
}
