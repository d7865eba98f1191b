package siglip.job.study;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import org.apache.hadoop.conf.Configuration;
import siglip.job.stability.RateCurve;
import siglip.job.stability.Significance;
import siglip.job.study.StudyMetric.Question;

/**
 * What the runs of a study tell together. Computed of their folders alone.
 *
 * @param done cells that have ended
 * @param anyFinished whether any arm of these trained to its end
 * @param groups one for each condition that has runs, and, with an axis over the learning rate, one for each condition of the other axes
 */
public record StudyFigures(StudyPlan plan, int done, boolean anyFinished, List<Group> groups) {
    /** The axis over which sensitivity is measured. */
    public static final String RATE = "training.learning-rate";

    private static final double PLATEAU = 0.9;

    /**
     * @param condition value of each axis by key; without the learning rate where the group is over all rates
     * @param overRates whether it is
     * @param queries that its runs were evaluated on: one number, or they do not compare
     */
    public record Group(Map<String, String> condition, boolean overRates, List<Long> queries, List<Figure> figures) {}

    /**
     * @param arms by name, in their order
     * @param differences of each two arms
     */
    public record Figure(StudyMetric metric, Map<String, ArmSample> arms, List<ArmDifference> differences) {}

    /**
     * Reads the folders of cells that have ended.
     *
     * @param metrics name of the file of figures in a run's folder
     */
    public static StudyFigures read(StudyPlan plan, Collection<StudyCell> ended, String metrics, Configuration hadoop)
            throws IOException {
        List<CellFigures> cells = new ArrayList<>();
        for (StudyCell cell : ended) {
            cells.add(CellFigures.read(cell, metrics, hadoop));
        }
        return of(plan, cells);
    }

    static StudyFigures of(StudyPlan plan, List<CellFigures> cells) {
        OptionalDouble margin = plan.settings().study().margin();
        List<Group> groups = new ArrayList<>();
        for (Map<String, String> condition : plan.conditions()) {
            List<CellFigures> runs = cells.stream()
                    .filter(cell -> cell.cell().condition().equals(condition))
                    .toList();
            if (!runs.isEmpty()) {
                groups.add(new Group(condition, false, queries(runs), perRun(runs, margin)));
            }
        }
        if (plan.conditions().get(0).containsKey(RATE)) {
            Set<Map<String, String>> others = new LinkedHashSet<>();
            plan.conditions().forEach(condition -> others.add(withoutRate(condition)));
            for (Map<String, String> other : others) {
                List<CellFigures> runs = cells.stream()
                        .filter(cell -> withoutRate(cell.cell().condition()).equals(other))
                        .toList();
                List<Figure> figures = overRates(plan, runs, margin);
                if (!figures.isEmpty()) {
                    groups.add(new Group(other, true, queries(runs), figures));
                }
            }
        }
        boolean anyFinished =
                cells.stream().flatMap(cell -> cell.arms().values().stream()).anyMatch(CellFigures.Arm::finished);
        return new StudyFigures(plan, cells.size(), anyFinished, adjusted(groups));
    }

    /** Names of all arms, in the order in which they were met. */
    public List<String> arms() {
        Set<String> names = new LinkedHashSet<>();
        groups.forEach(group ->
                group.figures().forEach(figure -> names.addAll(figure.arms().keySet())));
        return List.copyOf(names);
    }

    /** How many tests answer a question. */
    public long tests(Question question) {
        return tests(groups, question).size();
    }

    private static List<Long> queries(List<CellFigures> runs) {
        return runs.stream()
                .flatMap(run -> run.arms().values().stream())
                .map(CellFigures.Arm::queries)
                .filter(Double::isFinite)
                .map(Double::longValue)
                .distinct()
                .sorted()
                .toList();
    }

    private static Map<String, String> withoutRate(Map<String, String> condition) {
        Map<String, String> other = new LinkedHashMap<>(condition);
        other.remove(RATE);
        return other;
    }

    private static List<Figure> perRun(List<CellFigures> runs, OptionalDouble margin) {
        List<Figure> figures = new ArrayList<>();
        for (StudyMetric metric : StudyMetric.values()) {
            StudyMetric source = metric == StudyMetric.R1_SPREAD ? StudyMetric.R1 : metric;
            figure(metric, samples(runs, arm -> arm.get(source)), margin, figures);
        }
        return figures;
    }

    private static Map<String, ArmSample> samples(List<CellFigures> runs, ToDoubleFunction<CellFigures.Arm> value) {
        Map<String, TreeMap<Long, Double>> values = new LinkedHashMap<>();
        runs.forEach(run -> run.arms().forEach((name, arm) -> values.computeIfAbsent(name, none -> new TreeMap<>())
                .put(run.cell().seed(), value.applyAsDouble(arm))));
        Map<String, ArmSample> samples = new LinkedHashMap<>();
        values.forEach((name, bySeed) -> samples.put(name, new ArmSample(bySeed)));
        return samples;
    }

    private static void figure(
            StudyMetric metric, Map<String, ArmSample> samples, OptionalDouble margin, List<Figure> into) {
        if (samples.values().stream().allMatch(sample -> sample.values().isEmpty())) {
            return;
        }
        List<String> names = List.copyOf(samples.keySet());
        List<ArmDifference> differences = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            for (String second : names.subList(i + 1, names.size())) {
                String first = names.get(i);
                differences.add(
                        ArmDifference.of(metric, first, samples.get(first), second, samples.get(second), margin));
            }
        }
        into.add(new Figure(metric, samples, differences));
    }

    /** Of the seeds that have all rates. */
    private static List<Figure> overRates(StudyPlan plan, List<CellFigures> runs, OptionalDouble margin) {
        long rates = plan.conditions().stream()
                .map(condition -> condition.get(RATE))
                .distinct()
                .count();
        Map<Long, List<CellFigures>> bySeed = new TreeMap<>();
        runs.stream()
                .sorted(Comparator.comparingDouble(
                        run -> Double.parseDouble(run.cell().condition().get(RATE))))
                .forEach(run -> bySeed.computeIfAbsent(run.cell().seed(), none -> new ArrayList<>())
                        .add(run));
        bySeed.values().removeIf(each -> each.size() < rates);
        if (rates < 2 || bySeed.isEmpty()) {
            return List.of();
        }
        Map<StudyMetric, Map<String, TreeMap<Long, Double>>> values = new EnumMap<>(StudyMetric.class);
        bySeed.forEach((seed, over) -> over.get(0).arms().keySet().stream()
                .filter(name -> over.stream().allMatch(run -> run.arms().containsKey(name)))
                .forEach(name -> rates(name, over)
                        .forEach((metric, value) -> values.computeIfAbsent(metric, none -> new LinkedHashMap<>())
                                .computeIfAbsent(name, none -> new TreeMap<>())
                                .put(seed, value))));
        List<Figure> figures = new ArrayList<>();
        values.forEach((metric, byArm) -> {
            Map<String, ArmSample> samples = new LinkedHashMap<>();
            byArm.forEach((name, seeds) -> samples.put(name, new ArmSample(seeds)));
            figure(metric, samples, margin, figures);
        });
        return figures;
    }

    private static Map<StudyMetric, Double> rates(String name, List<CellFigures> over) {
        List<CellFigures.Arm> arms =
                over.stream().map(run -> run.arms().get(name)).toList();
        double[] rates = over.stream()
                .mapToDouble(run -> Double.parseDouble(run.cell().condition().get(RATE)))
                .toArray();
        RateCurve lost = new RateCurve(
                rates,
                arms.stream().mapToDouble(arm -> 1 - arm.get(StudyMetric.R1)).toArray(),
                arms.get(0).lostAtStart());
        RateCurve infonce = new RateCurve(
                rates,
                arms.stream().mapToDouble(arm -> arm.get(StudyMetric.INFONCE)).toArray(),
                arms.get(0).infonceAtStart());
        return Map.of(
                StudyMetric.RATE_SENSITIVITY,
                lost.sensitivity(),
                StudyMetric.RATE_PLATEAU,
                lost.width(1 - PLATEAU * (1 - lost.best())),
                StudyMetric.RATE_SENSITIVITY_INFONCE,
                infonce.sensitivity());
    }

    private static List<ArmDifference> tests(List<Group> groups, Question question) {
        return groups.stream()
                .flatMap(group -> group.figures().stream())
                .filter(figure -> figure.metric().question() == question)
                .flatMap(figure -> figure.differences().stream())
                .filter(difference -> difference.verdict() != StudyVerdict.NOT_TESTED)
                .toList();
    }

    /** With p adjusted in the family of each question. */
    private static List<Group> adjusted(List<Group> groups) {
        List<Group> adjusted = groups;
        for (Question question : List.of(Question.QUALITY, Question.STABILITY)) {
            List<ArmDifference> tests = tests(adjusted, question);
            double[] p = Significance.holm(
                    tests.stream().mapToDouble(ArmDifference::p).toArray());
            List<Group> next = new ArrayList<>();
            int[] place = {0}; // tests are met in the same order
            for (Group group : adjusted) {
                List<Figure> figures = new ArrayList<>();
                for (Figure figure : group.figures()) {
                    List<ArmDifference> differences = figure.differences().stream()
                            .map(difference -> figure.metric().question() == question
                                            && difference.verdict() != StudyVerdict.NOT_TESTED
                                    ? difference.adjusted(p[place[0]++])
                                    : difference)
                            .toList();
                    figures.add(new Figure(figure.metric(), figure.arms(), differences));
                }
                next.add(new Group(group.condition(), group.overRates(), group.queries(), figures));
            }
            adjusted = next;
        }
        return adjusted;
    }
}
