package siglip.job.checkpoint;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.hadoop.conf.Configuration;
import siglip.job.config.LoadedSettings;
import siglip.job.files.Sha256;

/**
 * What a run trains, and on what: where it is equal, one run can go on where another stopped.
 *
 * @param settings those that decide what is trained, as text by key
 * @param data fingerprint of the data set
 */
public record RunIdentity(Map<String, String> settings, String data) {
    /** Stands for a fingerprint that is not known yet; equal to none. */
    static final String UNREAD = "";

    public RunIdentity {
        settings = Collections.unmodifiableMap(new TreeMap<>(settings)); // files list them in this order
    }

    /** Before the data have been read. */
    public static RunIdentity of(Map<String, String> settings) {
        return new RunIdentity(settings, UNREAD);
    }

    /** The same of settings, with the content of the files that they name. */
    public static RunIdentity of(LoadedSettings settings, Configuration hadoop) {
        return of(NamedFiles.with(settings, hadoop));
    }

    public RunIdentity withData(String fingerprint) {
        return new RunIdentity(settings, fingerprint);
    }

    /** SHA-256 of the settings, 64 hexadecimal digits. */
    public String fingerprint() {
        StringBuilder text = new StringBuilder();
        new TreeMap<>(settings)
                .forEach((key, value) ->
                        text.append(key).append('=').append(value).append('\n'));
        return Sha256.of(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /** Whether an earlier run had other settings to choose, so that no change of settings makes the two equal. */
    public boolean isOfAnotherVersion(RunIdentity earlier) {
        return !settings.keySet().equals(earlier.settings.keySet());
    }

    /** How this run differs from an earlier one, a line each; data are compared where both are known. */
    public List<String> differencesFrom(RunIdentity earlier) {
        List<String> differences = new ArrayList<>();
        Set<String> keys = new TreeSet<>(settings.keySet());
        keys.addAll(earlier.settings.keySet());
        for (String key : keys) {
            String before = earlier.settings.get(key);
            String now = settings.get(key);
            if (now == null) {
                differences.add("%s was %s, and this version has no such setting".formatted(key, before));
            } else if (before == null) {
                differences.add("%s is %s, and the version that made the run had no such setting".formatted(key, now));
            } else if (!before.equals(now)) {
                differences.add("%s was %s, now %s".formatted(key, before, now));
            }
        }
        if (!data.equals(UNREAD) && !earlier.data.equals(UNREAD) && !data.equals(earlier.data)) {
            differences.add(
                    "the data were %s, now %s (SHA-256 of names, rows and features)".formatted(earlier.data, data));
        }
        return differences;
    }
}
