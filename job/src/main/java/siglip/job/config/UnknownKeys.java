package siglip.job.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.util.List;
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
                .formatted(SettingsLayers.place(value.origin()), path, NearestName.hint(path, known));
    }
}
