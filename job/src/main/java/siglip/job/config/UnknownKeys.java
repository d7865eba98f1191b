package siglip.job.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Finds keys that no setting has, and guesses what was meant. */
final class UnknownKeys {
    private UnknownKeys() {}

    /**
     * Reports keys that the defaults do not hold, and values where the defaults have a section.
     *
     * @return the settings, with the default in place of each such value, so that reading can go on
     */
    static Config check(Config settings, Config defaults, List<String> problems) {
        Set<String> known = SettingsLayers.values(defaults.root()).keySet();
        return check(settings.root(), defaults.root(), "", known, problems).toConfig();
    }

    private static ConfigObject check(
            ConfigObject settings, ConfigObject defaults, String prefix, Set<String> known, List<String> problems) {
        ConfigObject checked = settings;
        for (String key : new TreeSet<>(settings.keySet())) {
            ConfigValue value = settings.get(key);
            ConfigValue standard = defaults.get(key);
            String path = prefix + key;
            if (standard == null) {
                problems.add(message(value, path, known));
                checked = checked.withoutKey(key);
            } else if (standard instanceof ConfigObject section) {
                if (value instanceof ConfigObject object) {
                    checked = checked.withValue(key, check(object, section, path + ".", known, problems));
                } else {
                    problems.add("%s: %s is a section and takes no value, found %s"
                            .formatted(SettingsLayers.place(value.origin()), path, SettingsReader.show(value)));
                    checked = checked.withValue(key, section);
                }
            }
        }
        return checked;
    }

    /** The message for one unknown key. */
    static String message(ConfigValue value, String path, Set<String> known) {
        return "%s: unknown key %s%s"
                .formatted(
                        SettingsLayers.place(value.origin()),
                        path,
                        suggestion(path, known)
                                .map(" (did you mean %s?)"::formatted)
                                .orElse(""));
    }

    /** The known path that looks most like {@code path}, if one looks like it at all. */
    static Optional<String> suggestion(String path, Set<String> known) {
        String wanted = plain(path);
        Optional<String> near = known.stream()
                .min(Comparator.comparingInt(candidate -> distance(wanted, plain(candidate))))
                .filter(candidate -> distance(wanted, plain(candidate)) <= Math.max(2, wanted.length() / 5));
        if (near.isPresent()) {
            return near;
        }
        Optional<String> longer = known.stream()
                .filter(candidate -> plain(candidate).startsWith(wanted))
                .findFirst();
        if (longer.isPresent()) {
            return longer;
        }
        String last = plain(lastPart(path)); // the right key in the wrong section
        return known.stream()
                .filter(candidate -> distance(last, plain(lastPart(candidate))) <= last.length() / 5)
                .findFirst();
    }

    private static String lastPart(String path) {
        return path.substring(path.lastIndexOf('.') + 1);
    }

    private static String plain(String path) {
        return path.toLowerCase(Locale.ROOT).replaceAll("[-_]", "");
    }

    /** Levenshtein's: how many characters to insert, delete or replace. */
    private static int distance(String a, String b) {
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int replaced = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[b.length()];
    }
}
