package siglip.job.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOrigin;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The layers of settings, laid over each other. The root {@code siglip} is gone from all of them. */
final class SettingsLayers {
    static final String ROOT = "siglip";

    private static final String DEFAULTS = "reference.conf";
    private static final String VARIABLE = "CONFIG_FORCE_" + ROOT + "_";

    private SettingsLayers() {}

    /** The defaults alone, resolved. */
    static Config defaults() {
        return unresolvedDefaults().resolve();
    }

    /**
     * All layers, resolved.
     *
     * @param problems receives what is wrong with single assignments, which are then left out
     * @throws ConfigException if the file cannot be parsed, includes another, names a value that does not exist, or grows without bound by what it names
     */
    static Config merge(SettingsSources sources, List<String> problems) {
        List<Config> layers = new ArrayList<>(); // from high to low
        for (String assignment : sources.assignments()) {
            int equals = assignment.indexOf('=');
            if (equals < 1) {
                problems.add("--set %s: write key=value".formatted(SettingsReader.shortened(assignment)));
                continue;
            }
            add(layers, assignment.substring(0, equals).strip(), assignment.substring(equals + 1), "--set", problems);
        }
        Collections.reverse(layers);
        new TreeMap<>(sources.properties()).forEach((name, value) -> {
            if (name.startsWith(ROOT + ".")) {
                add(layers, name, value, "-D" + name, problems);
            }
        });
        new TreeMap<>(sources.environment()).forEach((name, value) -> {
            if (name.startsWith(VARIABLE)) {
                add(layers, path(name.substring(VARIABLE.length())), value, name, problems);
            }
        });
        sources.file().ifPresent(file -> layers.add(withoutRoot(parsed(file.text(), file.name()))));
        layers.add(unresolvedDefaults());

        Config merged = ConfigFactory.empty();
        for (Config layer : layers) {
            merged = merged.withFallback(layer);
        }
        Substitutions.check(merged);
        // A file may refer to other settings with the root or without it.
        return merged.withFallback(merged.root().atKey(ROOT)).resolve().withoutPath(ROOT);
    }

    /** Where a value comes from: {@code my.conf:7}, {@code --set}. */
    static String place(ConfigOrigin origin) {
        String description = origin.description().replaceFirst("^merge of ", "").replaceFirst(" @ .*(?=: \\d+$)", "");
        String line = ": " + origin.lineNumber();
        return description.endsWith(line)
                ? description.substring(0, description.length() - line.length()) + ":" + origin.lineNumber()
                : description;
    }

    /** Whether a value is a default. */
    static boolean isDefault(ConfigOrigin origin) {
        return origin.description().startsWith(DEFAULTS);
    }

    /** The message of {@code e}, which begins with its place, if it has one. */
    static String withPlace(ConfigException e) {
        return e.origin() == null
                ? e.getMessage()
                : e.getMessage().replace(e.origin().description(), place(e.origin()));
    }

    private static void add(List<Config> layers, String key, String text, String place, List<String> problems) {
        try {
            List<String> path = ConfigUtil.splitPath(key);
            if (path.equals(List.of(ROOT))) {
                problems.add("%s: %s is the root of all settings and takes no value: write key=value"
                        .formatted(place, ROOT));
                return;
            }
            List<String> below = path.size() > 1 && path.get(0).equals(ROOT) ? path.subList(1, path.size()) : path;
            ConfigValue nested = value(text, place);
            for (int i = below.size() - 1; i >= 0; i--) { // atPath would name itself as the origin of the sections
                nested = ConfigValueFactory.fromMap(Map.of(below.get(i), nested), place);
            }
            layers.add(((ConfigObject) nested).toConfig());
        } catch (ConfigException e) {
            problems.add("%s: cannot read %s=%s: %s"
                    .formatted(place, key, SettingsReader.shortened(text), SettingsReader.shortened(e.getMessage())));
        }
    }

    /** Lists, objects and quoted strings are HOCON, {@code null} is no value; all else is taken as it stands. */
    private static ConfigValue value(String text, String place) {
        String trimmed = text.strip();
        if (trimmed.equals("null")) {
            return ConfigValueFactory.fromAnyRef(null, place);
        }
        if (trimmed.startsWith("[") || trimmed.startsWith("{") || trimmed.startsWith("\"")) {
            ConfigValue parsed = parsed("value = " + trimmed, place).root().get("value");
            return ConfigValueFactory.fromAnyRef(parsed.unwrapped(), place); // a line number would say nothing
        }
        return ConfigValueFactory.fromAnyRef(text, place);
    }

    private static Config parsed(String text, String name) {
        try {
            return ConfigFactory.parseString(text, options(name));
        } catch (StackOverflowError e) {
            throw new ConfigException.BadValue(name, "it is nested too deep to be read", e);
        }
    }

    private static Config unresolvedDefaults() {
        Config all = ConfigFactory.parseResources(
                SettingsLayers.class.getClassLoader(),
                DEFAULTS,
                ConfigParseOptions.defaults().setAllowMissing(false));
        return ((ConfigObject) all.root().get(ROOT)).toConfig(); // other libraries have a reference.conf too
    }

    private static Config withoutRoot(Config config) {
        Config below = config.root().withoutKey(ROOT).toConfig();
        ConfigValue inner = config.root().get(ROOT);
        return inner instanceof ConfigObject object ? object.toConfig().withFallback(below) : below;
    }

    private static ConfigParseOptions options(String place) {
        return ConfigParseOptions.defaults()
                .setSyntax(ConfigSyntax.CONF)
                .setOriginDescription(place)
                .setIncluder(new NoIncludes(place));
    }

    /** The path that the rest of a variable's name stands for. */
    private static String path(String variable) {
        return variable.replace("___", "\0")
                .replace("__", "-")
                .replace('_', '.')
                .replace('\0', '_');
    }

    /** Every value that is not an object, by its path. */
    static Map<String, ConfigValue> leaves(ConfigObject tree) {
        Map<String, ConfigValue> leaves = values(tree);
        leaves.values().removeIf(ConfigObject.class::isInstance);
        return leaves;
    }

    /** Every value and every section, by its path. */
    static Map<String, ConfigValue> values(ConfigObject tree) {
        Map<String, ConfigValue> values = new TreeMap<>();
        collect(tree, "", values);
        return values;
    }

    private static void collect(ConfigObject tree, String prefix, Map<String, ConfigValue> into) {
        tree.forEach((key, value) -> {
            into.put(prefix + key, value);
            if (value instanceof ConfigObject object) {
                collect(object, prefix + key + ".", into);
            }
        });
    }
}
