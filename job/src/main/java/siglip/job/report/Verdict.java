package siglip.job.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import siglip.job.comparison.ComparisonResult;
import siglip.job.evaluation.Evaluation;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.Figures;
import siglip.job.figures.Unit;

/**
 * What was measured, in sentences. None says more than the figures: a difference between two arms counts as resolved only if it
 * is more than {@value #ERRORS} standard errors of the queries, and even then the sentence says that other seeds were not tried.
 * Both arms answer the same queries, but which of them each got right is not kept: the error is that of independent arms, which
 * is too large where the arms are right on the same queries.
 */
final class Verdict {
    /** Standard errors that a difference must exceed. */
    static final double ERRORS = 2;

    private final Figures figures;
    private final List<Sentence> sentences = new ArrayList<>();

    /**
     * @param lead what it is about
     */
    record Sentence(String lead, String text) {}

    private Verdict(Figures figures) {
        this.figures = figures;
    }

    static List<Sentence> sentences(Figures figures) {
        Verdict verdict = new Verdict(figures);
        verdict.setting();
        verdict.stopped();
        verdict.quality();
        verdict.stability();
        verdict.cost();
        verdict.seeds();
        return List.copyOf(verdict.sentences);
    }

    private void setting() {
        ComparisonResult result = figures.result();
        int count = figures.arms().size();
        String arms = figures.arms().stream()
                .map(arm -> "%s (%s loss)".formatted(arm.name(), arm.loss().id()))
                .collect(Collectors.joining(count == 2 ? " and " : ", "));
        int ranks = result.settings().run().ranks();
        say(
                "The run",
                "%s, %s%s of %s image–text pairs on %d %s."
                        .formatted(
                                arms,
                                count == 1 ? "" : "from the same towers, on the same batches: ",
                                steps(result.settings().training().steps()),
                                Unit.COUNT.format(result.settings().training().batchSize()),
                                ranks,
                                ranks == 1 ? "rank" : "ranks"));
    }

    private void stopped() {
        for (ArmFigures arm : figures.arms()) {
            arm.result()
                    .stopped()
                    .ifPresent(why -> say(
                            arm.name() + " stopped",
                            "After %s: %s. Its figures are of the steps before."
                                    .formatted(steps((long) arm.figures().value("completed_steps")), trimmed(why))));
        }
    }

    private void quality() {
        if (figures.sets().isEmpty()) {
            say("Quality", "No evaluation was made: how good the models are was not measured.");
        }
        for (String set : figures.sets()) {
            String scores = each(arm -> arm.lastEvaluation(set)
                    .map(e -> "%s %s".formatted(arm.name(), r1(arm, set)))
                    .orElse(arm.name() + " was not evaluated"));
            say(
                    "Right caption first, %s".formatted(figures.images(set)),
                    scores + " (± one standard error over the queries)." + difference(set) + yardstick(set));
        }
    }

    /** Whether two arms differ by more than their queries' sampling error; decided by the numbers as they are printed. */
    private String difference(String set) {
        if (figures.arms().size() != 2) {
            return "";
        }
        Optional<Evaluation> a = figures.arms().get(0).lastEvaluation(set);
        Optional<Evaluation> b = figures.arms().get(1).lastEvaluation(set);
        if (a.isEmpty() || b.isEmpty()) {
            return "";
        }
        if (a.get().step() != b.get().step()) {
            return " They were measured at different steps, %d and %d, and are not compared."
                    .formatted(a.get().step(), b.get().step());
        }
        BigDecimal points = percent(0, set).subtract(percent(1, set)).abs();
        double error = 100 * ERRORS * Math.hypot(standardError(0, set), standardError(1, set));
        BigDecimal interval = new BigDecimal(error).setScale(points.scale(), RoundingMode.HALF_UP);
        boolean resolved = points.compareTo(interval) > 0;
        return " The difference is %s ± %s points (two standard errors, taking the arms as independent, which overstates it): %s."
                .formatted(
                        points.toPlainString(),
                        interval.toPlainString(),
                        resolved
                                ? "these two runs differ on this set; whether other seeds would is open"
                                : "not resolved");
    }

    /** A score in per cent, as the sentence prints it: a reader who subtracts finds the same difference. */
    private BigDecimal percent(int arm, String set) {
        String text = figures.arms().get(arm).figures().text("retrieval", set, ArmFigures.IMAGE_TO_TEXT, "r1");
        return new BigDecimal(text.replace(Unit.NB + "%", "").replace(Unit.MINUS, '-'));
    }

    private double standardError(int arm, String set) {
        return figures.arms().get(arm).figures().value("retrieval", set, ArmFigures.IMAGE_TO_TEXT, "r1_standard_error");
    }

    private String yardstick(String set) {
        if (!figures.run().has("nearest_neighbour", set, "r1")) {
            return "";
        }
        double yardstick = figures.run().value("nearest_neighbour", set, "r1");
        long better = figures.arms().stream()
                .filter(arm -> r1Value(arm, set) > yardstick)
                .count();
        String compared = better == 0 ? "above" : better == figures.arms().size() ? "below" : "between";
        String text = Unit.SHARE.format(yardstick);
        if (figures.arms().size() == 1) {
            return " A nearest-neighbour search on the raw features reaches %s.".formatted(text);
        }
        return " A nearest-neighbour search on the raw features reaches %s, %s them.".formatted(text, compared);
    }

    private void stability() {
        if (figures.arms().stream().anyMatch(arm -> !arm.result().steps().isEmpty())) {
            say(
                    "Gradient norm, largest over median after warm-up",
                    each(arm -> arm.name() + " " + arm.figures().text("gradient_norm", "max_over_median_after_warmup"))
                            + "; spikes: "
                            + each(arm -> arm.name() + " " + spikes(arm))
                            + "."
                            + (figures.mixed()
                                    ? " The norms of different losses are not comparable, only each with its own median."
                                    : ""));
        }
    }

    private static String spikes(ArmFigures arm) {
        double count = arm.figures().value("spikes", "gradient_norm");
        return "%s of %s judged"
                .formatted(
                        Unit.COUNT.format(Double.isNaN(count) ? 0 : count),
                        arm.figures().text("spikes", "judged"));
    }

    private void cost() {
        if (figures.arms().stream().anyMatch(arm -> !arm.result().steps().isEmpty())) {
            say(
                    "Median step",
                    each(arm -> "%s %s (%s pairs/s)"
                                    .formatted(
                                            arm.name(),
                                            arm.figures().text("seconds_per_step"),
                                            arm.figures().text("pairs_per_second")))
                            + "."
                            + Summary.latency(figures));
        }
    }

    private void seeds() {
        say(
                "Not measured",
                "One run of each arm, seed %d: how far these figures move with the seed, and whether they hold on other data."
                        .formatted(figures.result().settings().run().seed()));
    }

    private void say(String lead, String text) {
        sentences.add(new Sentence(lead, text));
    }

    static String steps(long count) {
        return Unit.COUNT.format((double) count) + (count == 1 ? " step" : " steps");
    }

    private String each(Function<ArmFigures, String> words) {
        return figures.arms().stream().map(words).collect(Collectors.joining(", "));
    }

    private static String r1(ArmFigures arm, String set) {
        return "%s ± %s"
                .formatted(
                        arm.figures()
                                .text("retrieval", set, ArmFigures.IMAGE_TO_TEXT, "r1")
                                .replace(Unit.NB + "%", ""),
                        arm.figures().text("retrieval", set, ArmFigures.IMAGE_TO_TEXT, "r1_standard_error"));
    }

    private static double r1Value(ArmFigures arm, String set) {
        return arm.figures().value("retrieval", set, ArmFigures.IMAGE_TO_TEXT, "r1");
    }

    private static String trimmed(String why) {
        return why.endsWith(".") ? why.substring(0, why.length() - 1) : why;
    }
}
