package siglip.job.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** How long settings become once what they refer to is put in: forty that each hold the one before twice would fill any memory. */
final class Substitutions {
    private static final double MOST = 16 << 20; // characters
    private static final Pattern REFERENCE = Pattern.compile("\\$\\{\\??([^}]*)}");

    private final NavigableMap<String, ConfigValue> values = new TreeMap<>();
    private final Map<String, Double> lengths = new HashMap<>();
    private final Set<String> open = new HashSet<>();
    private double total;

    private Substitutions() {}

    /** @throws ConfigException with the setting at which all of them together would become too long */
    static void check(Config unresolved) {
        Substitutions all = new Substitutions();
        all.collect(unresolved.root(), "");
        all.values.keySet().forEach(all::length);
    }

    private void collect(ConfigObject section, String prefix) {
        try {
            for (Map.Entry<String, ConfigValue> each : section.entrySet()) {
                String path = prefix + ConfigUtil.quoteString(each.getKey());
                if (each.getValue() instanceof ConfigObject inner) {
                    collect(inner, path + ".");
                } else {
                    values.put(path, each.getValue());
                }
            }
        } catch (ConfigException.NotResolved e) { // a section that refers to another one is a value here
            values.put(prefix.isEmpty() ? prefix : prefix.substring(0, prefix.length() - 1), section);
        }
    }

    /** A bound of the length of a value. What refers to its own earlier value n times is at most e^(n/e) times as long. */
    private double length(String path) {
        Double known = lengths.get(path);
        if (known != null) {
            return known;
        }
        if (!open.add(path)) {
            return 0; // a circle, which is told where settings are resolved
        }
        ConfigValue value = values.get(path);
        String text = value.render(ConfigRenderOptions.concise());
        double length = text.length();
        int own = 0;
        Matcher reference = REFERENCE.matcher(text);
        while (reference.find()) {
            String target = target(reference.group(1));
            if (target.equals(path)) {
                own++;
            } else {
                length += referred(target);
            }
        }
        length *= Math.exp(own / Math.E);
        open.remove(path);
        total += length;
        if (total > MOST) {
            throw new ConfigException.BadValue(
                    value.origin(),
                    path.replace("\"", ""),
                    "with it, the settings may become longer than 16 MiB once what they refer to (${...}) is put in");
        }
        lengths.put(path, length);
        return length;
    }

    /** Of a value, of all values of a section, or of the value that a path goes into. */
    private double referred(String target) {
        double length = 0;
        for (String path : values.tailMap(target).keySet()) {
            if (!path.startsWith(target)) { // they end with a quote: no other name begins so
                break;
            }
            length += length(path);
        }
        String above = target;
        while (above.contains(".")) {
            above = above.substring(0, above.lastIndexOf('.'));
            length += values.containsKey(above) ? length(above) : 0;
        }
        return length;
    }

    /** A reference as values are named here: every part in quotes, without the root. */
    private static String target(String expression) {
        try {
            List<String> parts = ConfigUtil.splitPath(expression.strip());
            List<String> below = parts.size() > 1 && parts.get(0).equals(SettingsLayers.ROOT)
                    ? parts.subList(1, parts.size())
                    : parts;
            return String.join(".", below.stream().map(ConfigUtil::quoteString).toList());
        } catch (ConfigException e) {
            return expression; // within quotes: no reference
        }
    }
}
