package siglip.job.study;

import java.util.Map;
import java.util.stream.Collectors;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;

/**
 * One comparison of a study: an ordinary run.
 *
 * @param condition value of each axis as text, by the key of its setting, in the order of the axes; shared
 * @param seed of the run
 * @param folder of the run; any Hadoop path
 * @param sources of its settings, without the values of the axes
 * @param chosen number of the value in each axis' list
 */
public record StudyCell(
        Map<String, String> condition, long seed, String folder, SettingsSources sources, Map<String, Integer> chosen) {
    /** Its settings, as if the study did not exist. */
    public LoadedSettings load() {
        return SettingsLoader.cell(sources, chosen);
    }

    /** For people: {@code training.batch-size = 64, seed 2}. */
    public String title() {
        return condition.isEmpty() ? "seed " + seed : "%s, seed %d".formatted(title(condition), seed);
    }

    /** For people: {@code training.batch-size = 64}; empty without axes. */
    public static String title(Map<String, String> condition) {
        return condition.entrySet().stream()
                .map(axis -> axis.getKey() + " = " + axis.getValue())
                .collect(Collectors.joining(", "));
    }
}
