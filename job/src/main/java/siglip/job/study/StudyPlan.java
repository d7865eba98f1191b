package siglip.job.study;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.LongStream;
import siglip.job.config.CheckpointSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsException;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.config.StudySettings;
import siglip.job.config.StudySettings.Axis;
import siglip.job.files.Sha256;

/**
 * All combinations of the axes' values, each with all seeds. A cell's folder is {@code <out>/<name>/KEY=VALUE/.../seed-SEED}: it follows from what the cell is, so
 * that more seeds and more values add folders and move none.
 *
 * @param settings of the study; those of the cells are its variations
 * @param widest the cell's settings that take most cores, for which a cluster is asked
 * @param seeds rising by one
 * @param conditions combinations of values, the last axis turning fastest; one that is empty without axes
 * @param cells all conditions with the first seed, then with the second and so on
 */
public record StudyPlan(
        Settings settings,
        Settings widest,
        List<Long> seeds,
        List<Map<String, String>> conditions,
        List<StudyCell> cells) {
    private static final int MOST_CELLS = 10_000;
    private static final int LONGEST_VALUE = 60;
    private static final int HASHED = 8; // digits

    /**
     * The plan that settings describe, with those of each condition found valid.
     *
     * @throws SettingsException with everything that is wrong in any of them
     */
    public static StudyPlan of(SettingsSources sources) {
        Settings settings = SettingsLoader.load(sources).settings();
        StudySettings study = settings.study();
        long first = settings.run().seed();
        List<Map<String, Integer>> choices = choices(study.axes());
        check(settings, (long) choices.size() * study.seeds());
        Set<String> problems = new LinkedHashSet<>();
        List<Settings> checked = new ArrayList<>();
        List<StudyCell> cells = new ArrayList<>();
        List<Long> seeds =
                LongStream.range(first, first + study.seeds()).boxed().toList();
        for (long seed : seeds) {
            for (Map<String, Integer> chosen : choices) {
                StudyCell cell = cell(sources, settings, seed, chosen);
                cells.add(cell);
                if (seed == first) {
                    try {
                        checked.add(cell.load().settings());
                    } catch (SettingsException e) {
                        problems.addAll(e.errors());
                    }
                }
            }
        }
        if (!problems.isEmpty()) {
            throw new SettingsException(List.copyOf(problems));
        }
        Settings widest = checked.get(0);
        for (Settings each : checked) {
            widest = cores(each) > cores(widest) ? each : widest;
        }
        List<Map<String, String>> conditions =
                choices.stream().map(chosen -> condition(study.axes(), chosen)).toList();
        return new StudyPlan(settings, widest, seeds, conditions, List.copyOf(cells));
    }

    private static void check(Settings settings, long cells) {
        List<String> problems = new ArrayList<>();
        if (cells > MOST_CELLS) {
            problems.add("study.axes and study.seeds make %,d runs, and a study has at most %,d: leave some values out"
                    .formatted(cells, MOST_CELLS));
        }
        if (settings.run().seed() > Long.MAX_VALUE - settings.study().seeds()) {
            problems.add("run.seed leaves no room for %d seeds above it (study.seeds), found %d"
                    .formatted(settings.study().seeds(), settings.run().seed()));
        }
        if (!settings.checkpoint().resume().equals(CheckpointSettings.AUTO)) {
            problems.add(
                    "checkpoint.resume must be auto in a study, whose runs each go on from checkpoints of their own, found %s"
                            .formatted(settings.checkpoint().resume()));
        }
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
    }

    private static long cores(Settings settings) {
        return (long) settings.run().ranks() * settings.run().coresPerRank();
    }

    private static List<Map<String, Integer>> choices(List<Axis> axes) {
        List<Map<String, Integer>> choices = new ArrayList<>(List.of(Map.of()));
        for (Axis axis : axes) {
            List<Map<String, Integer>> longer = new ArrayList<>();
            for (Map<String, Integer> choice : choices) {
                for (int value = 0; value < axis.values().size() && longer.size() <= MOST_CELLS; value++) {
                    Map<String, Integer> with = new LinkedHashMap<>(choice);
                    with.put(axis.key(), value);
                    longer.add(Collections.unmodifiableMap(with));
                }
            }
            choices = longer;
        }
        return choices;
    }

    private static Map<String, String> condition(List<Axis> axes, Map<String, Integer> chosen) {
        Map<String, String> condition = new LinkedHashMap<>();
        axes.forEach(axis -> condition.put(axis.key(), axis.values().get(chosen.get(axis.key()))));
        return Collections.unmodifiableMap(condition);
    }

    private static StudyCell cell(SettingsSources sources, Settings study, long seed, Map<String, Integer> chosen) {
        Map<String, String> condition = condition(study.study().axes(), chosen);
        StringBuilder out = new StringBuilder(study.run().folder());
        condition.forEach(
                (key, value) -> out.append('/').append(key).append('=').append(folder(value)));
        String name = "seed-" + seed;
        List<String> assignments = new ArrayList<>(sources.assignments());
        assignments.addAll(List.of("run.seed=" + seed, "run.name=" + name, "run.out=" + out));
        SettingsSources own =
                new SettingsSources(assignments, sources.properties(), sources.environment(), sources.file());
        return new StudyCell(condition, seed, out + "/" + name, own, chosen);
    }

    /** A value as the name of a folder. What no folder should be called is replaced, and told apart by a hash. */
    private static String folder(String value) {
        String plain = value.replaceAll("[^A-Za-z0-9_.-]", "_");
        if (plain.equals(value) && plain.length() <= LONGEST_VALUE && !plain.isEmpty()) {
            return plain;
        }
        String hash = Sha256.of(value.getBytes(StandardCharsets.UTF_8)).substring(0, HASHED);
        return "%s-%s".formatted(plain.substring(0, Math.min(plain.length(), LONGEST_VALUE)), hash);
    }
}
