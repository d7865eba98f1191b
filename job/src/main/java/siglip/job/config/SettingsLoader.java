package siglip.job.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigValueFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import siglip.job.files.Redaction;

/**
 * Lays the layers of settings over each other and checks the result. From high to low: assignments, system properties,
 * environment, file, defaults ({@code reference.conf}).
 */
public final class SettingsLoader {
    private static final String WARMUP = "training.warmup-steps";

    private SettingsLoader() {}

    /** @throws SettingsException with everything that is wrong, each with its place */
    public static LoadedSettings load(SettingsSources sources) {
        return load(sources, Optional.empty());
    }

    /**
     * The settings of one cell of a study: those of the sources with one value of each axis in its place, and without the study.
     *
     * @param chosen number of the value in the axis' list, by key; for every axis
     */
    public static LoadedSettings cell(SettingsSources sources, Map<String, Integer> chosen) {
        return load(sources, Optional.of(chosen));
    }

    private static LoadedSettings load(SettingsSources sources, Optional<Map<String, Integer>> chosen) {
        List<String> problems = new ArrayList<>();
        Config defaults = SettingsLayers.defaults();
        Config merged;
        try {
            merged = SettingsLayers.merge(sources, problems);
        } catch (ConfigException e) {
            problems.add(SettingsLayers.withPlace(e));
            throw new SettingsException(problems);
        }
        StudyAxes axes = StudyAxes.of(merged, defaults, problems);
        Config plain = StudyAxes.without(merged);
        Config known = UnknownKeys.check(
                chosen.isPresent() ? axes.choose(chosen.get(), plain, defaults) : plain, defaults, problems);
        refuseLogins(chosen.isPresent() ? known : axes.into(known), problems);
        Settings settings =
                SettingsMapping.map(new SettingsReader(known, problems), chosen.isPresent() ? StudyAxes.NONE : axes);
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
        // As it is used: the default gives way to a short training, a value that was set does not.
        Config used = known.withValue(
                WARMUP,
                ConfigValueFactory.fromAnyRef(settings.training().optimizer().warmupSteps()));
        Config shown = RenderedSettings.withoutSecrets(chosen.isPresent() ? used : axes.into(used));
        return new LoadedSettings(settings, RenderedSettings.of(shown), DecisiveSettings.of(shown));
    }

    /** Settings are printed, logged and kept with the run. */
    private static void refuseLogins(Config settings, List<String> problems) {
        SettingsLayers.leaves(settings.root()).forEach((key, value) -> {
            String text = SettingsReader.show(value);
            if (Redaction.isNeeded(text)) {
                problems.add("%s: %s holds a login, %s: %s"
                        .formatted(
                                SettingsLayers.place(value.origin()),
                                key,
                                Redaction.of(text),
                                SettingsException.LOGINS));
            }
        });
    }
}
