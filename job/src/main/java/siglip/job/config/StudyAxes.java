package siglip.job.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The section {@code study}: above all its axes, lists of values by the keys of the settings that take them. */
final class StudyAxes {
    private static final String STUDY = "study";
    private static final String AXES = "study.axes";
    private static final int MOST_VALUES = 1000;
    private static final int MOST_SEEDS = 1000;

    /** Of settings that are those of one run. */
    static final StudyAxes NONE = new StudyAxes(Map.of());

    /** Keys, and sections (they end with a dot), that name a cell, or say how the program goes about it. */
    private static final List<String> FIXED =
            List.of("run.name", "run.out", "run.seed", "study.", "plan.", "checkpoint.");

    private final Map<String, ConfigList> values;

    private StudyAxes(Map<String, ConfigList> values) {
        this.values = values;
    }

    /**
     * Takes the axes out of settings.
     *
     * @param problems receives keys that no setting has, values that are no list, and settings that are set as well
     */
    static StudyAxes of(Config settings, Config defaults, List<String> problems) {
        Map<String, ConfigList> found = new LinkedHashMap<>();
        if (section(settings) instanceof ConfigObject axes) {
            Config known = UnknownKeys.check(axes.toConfig(), defaults, problems);
            SettingsLayers.leaves(axes).forEach((key, value) -> {
                if (SettingsLayers.leaves(known.root()).get(key) == value) { // otherwise it is told already
                    problem(key, value, settings)
                            .ifPresentOrElse(
                                    problem -> problems.add("%s: %s.%s %s"
                                            .formatted(SettingsLayers.place(value.origin()), AXES, key, problem)),
                                    () -> found.put(key, (ConfigList) value));
                }
            });
        }
        return new StudyAxes(found);
    }

    private static ConfigValue section(Config settings) {
        return settings.root().get(STUDY) instanceof ConfigObject study ? study.get("axes") : null;
    }

    private static Optional<String> problem(String key, ConfigValue value, Config settings) {
        if (DecisiveSettings.isAmong(FIXED, key)) {
            return Optional.of(
                    key.equals("run.seed")
                            ? "must be left out: study.seeds says how many seeds there are"
                            : "must be left out: it does not vary what is trained");
        }
        if (!(value instanceof ConfigList list)
                || list.isEmpty()
                || list.size() > MOST_VALUES
                || texts(list).distinct().count() < list.size()) {
            return Optional.of("must be a list of values, each once, found " + SettingsReader.show(value));
        }
        Optional<String> own = ownOf(key, settings);
        if (own.isPresent()) {
            return own.map("varies what arm %s sets for itself: leave one of them out"::formatted);
        }
        ConfigValue set = SettingsLayers.leaves(settings.root()).get(key);
        return set == null || SettingsLayers.isDefault(set.origin())
                ? Optional.empty()
                : Optional.of(
                        "varies what %s sets: leave one of them out".formatted(SettingsLayers.place(set.origin())));
    }

    /** The arm that has a value of its own for the key, which no value of the axis would reach. */
    private static Optional<String> ownOf(String key, Config settings) {
        if (!(settings.root().get("loss") instanceof ConfigObject loss)
                || !(loss.get("arms") instanceof ConfigList arms)) {
            return Optional.empty();
        }
        String inArm = key.startsWith("loss.") ? key.substring("loss.".length()) : key;
        return arms.stream()
                .filter(ConfigObject.class::isInstance)
                .map(arm -> ((ConfigObject) arm).toConfig())
                .filter(arm -> arm.hasPath(inArm))
                .map(arm -> arm.hasPath("name") ? arm.getString("name") : "?")
                .findFirst();
    }

    private static Stream<String> texts(ConfigList list) {
        return list.stream().map(ConfigValue::unwrapped).map(DecisiveSettings::text);
    }

    /** Settings in which the section is as by default: empty. */
    static Config without(Config settings) {
        return section(settings) instanceof ConfigObject
                ? settings.withValue(AXES, ConfigFactory.empty().root())
                : settings;
    }

    /** Settings with the section as it was, and none that it varies. */
    Config into(Config settings) {
        Config with = settings;
        for (Map.Entry<String, ConfigList> axis : values.entrySet()) {
            with = with.withoutPath(axis.getKey()).withValue(AXES + "." + axis.getKey(), axis.getValue());
        }
        return with;
    }

    /** The section {@code study} with these axes. */
    StudySettings read(SettingsReader reader) {
        List<StudySettings.Axis> axes = new ArrayList<>();
        values.forEach(
                (key, list) -> axes.add(new StudySettings.Axis(key, texts(list).toList())));
        return new StudySettings(
                reader.integer("study.seeds", 1, MOST_SEEDS),
                reader.optionalNumber("study.margin", SettingsReader.Bound.SHARE_WITHIN),
                axes);
    }

    /**
     * Settings with one value of each axis in its place, and without the study.
     *
     * @param chosen number of the value in its list, by key
     */
    Config choose(Map<String, Integer> chosen, Config settings, Config defaults) {
        Config one = settings.withValue(STUDY, defaults.root().get(STUDY));
        for (Map.Entry<String, ConfigList> axis : values.entrySet()) {
            one = one.withValue(axis.getKey(), axis.getValue().get(chosen.get(axis.getKey())));
        }
        return one;
    }
}
