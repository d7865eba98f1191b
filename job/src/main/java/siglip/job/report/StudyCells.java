package siglip.job.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Collectors;
import siglip.job.files.Unit;
import siglip.job.stability.Estimate;
import siglip.job.study.ArmDifference;
import siglip.job.study.ArmSample;
import siglip.job.study.StudyCell;
import siglip.job.study.StudyFigures;
import siglip.job.study.StudyMetric;
import siglip.job.study.StudyMetric.Question;
import siglip.job.study.StudyVerdict;

/** Figures of a study as words, the same for terminal and page. */
final class StudyCells {
    private StudyCells() {}

    /** What a group is of; empty if there is one condition alone. */
    static String title(StudyFigures.Group group) {
        String title = StudyCell.title(group.condition());
        if (!group.overRates()) {
            return title;
        }
        return title.isEmpty() ? "Over all learning rates" : title + ", over all learning rates";
    }

    /** {@code 39.6 % ± 0.5}: mean and standard deviation over seeds, or how many seeds failed. */
    static String sample(StudyMetric metric, ArmSample sample) {
        int seeds = sample.values().size();
        if (seeds == 0) {
            return Unit.NONE;
        }
        if (metric == StudyMetric.FAILED) {
            return "%d of %d".formatted(Math.round(sample.mean() * seeds), seeds);
        }
        if (metric == StudyMetric.R1_SPREAD) {
            return metric.unit().format(sample.deviation());
        }
        String mean = metric.unit().format(sample.mean());
        return seeds == 1 ? mean : mean + " ± " + metric.unit().format(sample.deviation());
    }

    /** {@code +1.9 points (0.4 to 3.4)}, {@code 2.1× (0.8 to 5.6)}. */
    static String effect(ArmDifference difference) {
        Estimate effect = difference.effect();
        if (Double.isNaN(effect.value())) {
            return Unit.NONE;
        }
        boolean points = difference.metric().unit() == Unit.SHARE && !difference.isRatio();
        String value = difference.isRatio()
                ? Unit.TIMES.format(effect.value())
                : signed(difference.metric(), effect.value()) + (points ? " points" : "");
        if (Double.isNaN(effect.low())) {
            return value;
        }
        String low = difference.isRatio() ? plain(effect.low()) : signed(difference.metric(), effect.low());
        String high = difference.isRatio() ? plain(effect.high()) : signed(difference.metric(), effect.high());
        return "%s (%s to %s)".formatted(value, low, high);
    }

    /** The verdict on an arm beside another, with p where something was tested. */
    static String verdict(ArmDifference difference) {
        String words = difference.verdict().words();
        boolean ofDifference = difference.verdict() != StudyVerdict.EQUAL && !words.isEmpty(); // which p is the test of
        return ofDifference ? "%s (p = %s)".formatted(words, p(difference.adjusted())) : words;
    }

    static String p(double p) {
        return p < 0.0001 ? "<0.0001" : String.format(Locale.ROOT, p < 0.01 ? "%.4f" : "%.2f", p);
    }

    /** A sentence for each test that found something, and for each question whose tests did not. */
    static List<String> findings(StudyFigures figures) {
        List<String> findings = new ArrayList<>();
        for (Question question : List.of(Question.QUALITY, Question.STABILITY)) {
            int before = findings.size();
            for (StudyFigures.Group group : figures.groups()) {
                for (StudyFigures.Figure figure : group.figures()) {
                    if (figure.metric().question() == question) {
                        figure.differences()
                                .forEach(each -> finding(group, each).ifPresent(findings::add));
                    }
                }
            }
            if (findings.size() == before && figures.tests(question) > 0) {
                findings.add("No difference in %s was found, in any of %d tests."
                        .formatted(question.key(), figures.tests(question)));
            }
        }
        return findings;
    }

    private static Optional<String> finding(StudyFigures.Group group, ArmDifference difference) {
        String title = title(group);
        String where = title.isEmpty() ? "" : title + ": ";
        return switch (difference.verdict()) {
            case HIGHER, LOWER -> Optional.of("%s%s of %s is %s than that of %s: %s."
                    .formatted(
                            where,
                            difference.metric().label(),
                            difference.first(),
                            difference.verdict().words(),
                            difference.second(),
                            effect(difference)));
            case EQUAL -> Optional.of("%s%s of %s and %s is equal within the margin: %s."
                    .formatted(
                            where,
                            difference.metric().label(),
                            difference.first(),
                            difference.second(),
                            effect(difference)));
            case NO_DIFFERENCE, NOT_TESTED -> Optional.empty();
        };
    }

    /** Sentences that say how to read the rest. */
    static List<String> notes(StudyFigures figures) {
        List<String> notes = new ArrayList<>();
        int runs = figures.plan().cells().size();
        if (figures.done() < runs) {
            notes.add("%,d of %,d runs have ended; the rest is missing here.".formatted(figures.done(), runs));
        }
        int seeds = figures.plan().seeds().size();
        if (seeds < 2) {
            notes.add("One seed: nothing can be said of differences between arms.");
            return notes;
        }
        notes.add(
                "Mean ± standard deviation over %d seeds. Differences are paired by seed, with 95%s%% t intervals; spreads are compared as a ratio."
                        .formatted(seeds, Unit.NB));
        notes.add(
                "p is adjusted by Holm's rule for the tests of the same question (%d of quality, %d of stability); intervals are not adjusted."
                        .formatted(figures.tests(Question.QUALITY), figures.tests(Question.STABILITY)));
        figures.groups().stream()
                .filter(group -> group.queries().size() > 1)
                .forEach(group -> notes.add(
                        "%sthe runs were evaluated on different numbers of queries (%s): their figures do not compare. Run them again with the same evaluation settings (--overwrite)."
                                .formatted(
                                        title(group).isEmpty() ? "" : title(group) + ": ",
                                        group.queries().stream()
                                                .map(String::valueOf)
                                                .collect(Collectors.joining(", ")))));
        notes.add("That no difference was found does not mean that there is none.");
        if (seeds < 5) {
            notes.add("Fewer than five seeds show only large differences.");
        }
        return notes;
    }

    private static String signed(StudyMetric metric, double value) {
        String text = metric.unit() == Unit.SHARE
                ? Unit.percent(value).toPlainString().replace('-', Unit.MINUS)
                : metric.unit().format(value);
        return value > 0 ? "+" + text : text;
    }

    private static String plain(double value) {
        return String.format(Locale.ROOT, "%.1f", value);
    }
}
