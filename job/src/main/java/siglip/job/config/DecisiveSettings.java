package siglip.job.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import java.math.BigDecimal;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The settings that decide what is trained, as text by key: two runs for which they are equal train the same models on the same data, whatever
 * machines they run on. A setting that is not named here as harmless is decisive.
 */
final class DecisiveSettings {
    /** Keys, and sections (they end with a dot), that change where and how fast a run goes and what it shows, and no more than rounding of the rest. */
    static final List<String> HARMLESS = List.of(
            "run.name",
            "run.out",
            "run.ranks",
            "run.cores-per-rank",
            "data.path", // what lies there has a fingerprint of its own
            "data.format",
            "data.source",
            "data.replicated-limit",
            "data.max-skipped-share",
            "loss.products",
            "loss.elementwise",
            "loss.tile",
            "training.micro-batch-size",
            "training.attempts",
            "ring.",
            "evaluation.",
            "measure.",
            "plan.",
            "study.",
            "checkpoint.",
            "trackers.");

    /** Digits written out; more are no double, but a text such as 1e999999999, which would fill the memory. */
    private static final int LONGEST_NUMBER = 400;

    private DecisiveSettings() {}

    /** Of settings as they are used, resolved and without secrets. */
    static Map<String, String> of(Config settings) {
        Map<String, String> decisive = new TreeMap<>();
        for (Map.Entry<String, ConfigValue> leaf :
                SettingsLayers.leaves(settings.root()).entrySet()) {
            if (!isAmong(HARMLESS, leaf.getKey())) {
                decisive.put(leaf.getKey(), text(leaf.getValue().unwrapped()));
            }
        }
        return decisive;
    }

    /** Whether a key is one of these, or in one of these sections, which end with a dot. */
    static boolean isAmong(List<String> keysAndSections, String key) {
        return keysAndSections.stream()
                .anyMatch(each -> key.equals(each) || (each.endsWith(".") && key.startsWith(each)));
    }

    /** The same for the same value, however it was written: 3e-3 and 0.003, a missing field and null. */
    static String text(Object value) {
        if (value instanceof Collection<?> list) {
            return list.stream().map(DecisiveSettings::text).collect(Collectors.joining(", ", "[", "]"));
        }
        if (value instanceof Map<?, ?> object) {
            return object.entrySet().stream()
                    .filter(field -> field.getValue() != null)
                    .map(field -> field.getKey() + " = " + text(field.getValue()))
                    .sorted()
                    .collect(Collectors.joining(", ", "{", "}"));
        }
        String plain = String.valueOf(value).strip();
        if (plain.length() > LONGEST_NUMBER) {
            return plain;
        }
        try {
            BigDecimal number = new BigDecimal(plain).stripTrailingZeros();
            return Math.abs((long) number.scale()) > LONGEST_NUMBER ? number.toString() : number.toPlainString();
        } catch (NumberFormatException noNumber) {
            return plain;
        }
    }
}
