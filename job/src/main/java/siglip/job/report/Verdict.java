package siglip.job.report;

import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import siglip.job.config.Settings;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.PairedDifference;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.ArmMetric;
import siglip.job.figures.RunFigures;
import siglip.job.files.Unit;

/**
 * What was measured, in sentences. None says more than the figures: a difference between two arms counts as resolved only if it
 * is more than {@value #ERRORS} standard errors over the queries, which all arms answer, and even then the sentence says that other seeds were not tried.
 */
final class Verdict {
    /** Standard errors that a difference must exceed. */
    static final double ERRORS = 2;

    private final RunView run;
    private final RunFigures figures;
    private final List<Sentence> sentences = new ArrayList<>();
    private final Set<String> told = new HashSet<>();

    /**
     * @param lead what it is about
     */
    record Sentence(String lead, String text) {}

    private Verdict(RunView run) {
        this.run = run;
        this.figures = run.figures();
    }

    static List<Sentence> sentences(RunView run) {
        Verdict verdict = new Verdict(run);
        verdict.setting();
        verdict.stopped();
        verdict.collapsed();
        verdict.quality();
        verdict.earlier();
        verdict.stability();
        verdict.clipping();
        verdict.cost();
        verdict.seeds();
        return List.copyOf(verdict.sentences);
    }

    private void setting() {
        int count = figures.arms().size();
        String arms = figures.arms().stream()
                .map(arm -> "%s (%s)".formatted(arm.name(), arm.form().title()))
                .collect(Collectors.joining(count == 2 ? " and " : ", "));
        Settings settings = figures.settings();
        int ranks = settings.run().ranks();
        say(
                "The run",
                "%s, %s%s of %s image–text pairs on %d %s."
                        .formatted(
                                arms,
                                count == 1 ? "" : "from the same towers, on the same batches: ",
                                steps(settings.training().steps()),
                                Unit.COUNT.format(settings.training().batchSize()),
                                ranks,
                                ranks == 1 ? "rank" : "ranks"));
    }

    private void stopped() {
        for (ArmFigures arm : figures.arms()) {
            arm.stopped()
                    .ifPresent(why -> say(
                            arm.name() + " stopped",
                            "After %s: %s. It has no result; its figures of time and memory are of the steps before."
                                    .formatted(steps((long) arm.get(ArmMetric.COMPLETED_STEPS)), trimmed(why))));
        }
    }

    private void collapsed() {
        for (ArmFigures arm : figures.arms()) {
            if (arm.verdict().notable()) {
                String reason = arm.verdict().reason();
                say("%s: %s".formatted(arm.name(), arm.verdict().outcome().words()), capital(reason) + ".");
            }
        }
    }

    private void quality() {
        if (figures.sets().isEmpty()) {
            say("Quality", "No evaluation was made: how good the models are was not measured.");
        }
        for (HeldOut set : figures.sets()) {
            say(
                    "Right caption first, %s".formatted(set.of("held-out images")),
                    scores(set, Direction.IMAGE_TO_TEXT) + yardstick(set));
            say(
                    "Right image first, captions of %s".formatted(set.of("held-out images")),
                    scores(set, Direction.TEXT_TO_IMAGE));
        }
    }

    private String scores(HeldOut set, Direction direction) {
        return run.each(arm -> arm.last(set)
                        .map(e -> "%s %s".formatted(arm.name(), r1(e.score(direction))))
                        .orElseGet(() -> arm.name() + " "
                                + (arm.stopped().isPresent() ? arm.stoppedWords() : "was not evaluated")))
                + once(" (± one standard error over the queries)")
                + "."
                + difference(set, direction);
    }

    /** What earlier checkpoints did better than the last, by more than the queries' sampling error. */
    private void earlier() {
        List<String> found = figures.sets().stream()
                .flatMap(set -> figures.arms().stream().flatMap(arm -> Decline.of(arm, set).stream()
                        .map(decline -> "%s of %s, %s: %s %% at step %d, %s %% at the end (step %d)"
                                .formatted(
                                        decline.metric(),
                                        arm.name(),
                                        set.label(),
                                        Unit.percent(decline.best()).toPlainString(),
                                        decline.bestStep(),
                                        Unit.percent(decline.last()).toPlainString(),
                                        decline.lastStep()))))
                .toList();
        if (!found.isEmpty()) {
            say(
                    "Better before the end",
                    String.join("; ", found)
                            + ". That is more than the standard error of the difference and a sign of overfitting, although the best of several"
                            + " checkpoints is partly luck.");
        }
    }

    /** Whether arms differ from the first by more than their queries' sampling error; decided by the numbers as they are printed. */
    private String difference(HeldOut set, Direction direction) {
        StringBuilder text = new StringBuilder();
        ArmFigures first = figures.arms().get(0);
        for (ArmFigures other : figures.arms().subList(1, figures.arms().size())) {
            Optional<Evaluation> a = first.last(set);
            Optional<Evaluation> b = other.last(set);
            if (a.isPresent() && b.isPresent()) {
                text.append(difference(first.name(), a.get(), other.name(), b.get(), direction));
            }
        }
        return text.toString();
    }

    private String difference(String first, Evaluation a, String second, Evaluation b, Direction direction) {
        if (a.step() != b.step()) {
            return " They were measured at different steps, %d and %d, and are not compared."
                    .formatted(a.step(), b.step());
        }
        Optional<PairedDifference> paired = b.from(first, direction);
        if (paired.isEmpty()) {
            return "";
        }
        // as the sentence prints them: a reader who subtracts finds the same difference
        BigDecimal points = Unit.percent(a.score(direction).get(RetrievalMetric.R1))
                .subtract(Unit.percent(b.score(direction).get(RetrievalMetric.R1)))
                .abs();
        double error = 100 * ERRORS * paired.get().standardError();
        BigDecimal interval = new BigDecimal(error).setScale(points.scale(), RoundingMode.HALF_UP);
        boolean resolved = points.compareTo(interval) > 0;
        return " The difference%s is %s ± %s points%s: %s."
                .formatted(
                        figures.arms().size() == 2 ? "" : " of %s from %s".formatted(second, first),
                        points.toPlainString(),
                        interval.toPlainString(),
                        once(" (two standard errors over the queries, which all arms answer)"),
                        resolved
                                ? "these two runs differ on this set; whether other seeds would is open"
                                : "not resolved, which does not say that they are level");
    }

    private String yardstick(HeldOut set) {
        if (!figures.nearestNeighbour().containsKey(set)) {
            return "";
        }
        double yardstick = figures.nearestNeighbour().get(set).get(RetrievalMetric.R1);
        List<Evaluation> results =
                figures.arms().stream().flatMap(arm -> arm.last(set).stream()).toList();
        long better = results.stream()
                .filter(evaluation -> evaluation.imageToText().get(RetrievalMetric.R1) > yardstick)
                .count();
        String compared = better == 0 ? "above" : better == results.size() ? "below" : "between";
        String text = Unit.SHARE.format(yardstick);
        if (results.size() < 2) {
            return " A nearest-neighbour search on the raw features reaches %s.".formatted(text);
        }
        return " A nearest-neighbour search on the raw features reaches %s, %s them.".formatted(text, compared);
    }

    private void stability() {
        if (run.arms().stream().anyMatch(arm -> !arm.steps().isEmpty())) {
            say(
                    "Gradient norm over the median of the steps before",
                    run.each(arm -> "%s at most %s (99 %% of steps: %s)"
                                    .formatted(
                                            arm.name(),
                                            arm.text(ArmMetric.LOCAL_NORM_MAX),
                                            arm.text(ArmMetric.LOCAL_NORM_P99)))
                            + "; spikes of loss / norm: "
                            + run.each(arm -> arm.name() + " "
                                    + Summary.spikes(arm, ArmMetric.LOCAL_LOSS_SPIKES, ArmMetric.LOCAL_NORM_SPIKES))
                            + ".");
        }
    }

    private void clipping() {
        figures.clipping().ifPresent(words -> say("Clipping", capital(words) + "."));
    }

    private static String capital(String words) {
        return words.substring(0, 1).toUpperCase(Locale.ROOT) + words.substring(1);
    }

    private void cost() {
        if (run.arms().stream().anyMatch(arm -> !arm.steps().isEmpty())) {
            say(
                    "Median step",
                    run.each(arm -> "%s %s (%s pairs/s)"
                                    .formatted(
                                            arm.name(),
                                            arm.text(ArmMetric.STEP_SECONDS),
                                            arm.text(ArmMetric.PAIRS_PER_SECOND)))
                            + "."
                            + Summary.latency(run));
        }
    }

    private void seeds() {
        say(
                "Not measured",
                "One run of each arm, seed %d: how far these figures move with the seed, and whether they hold on other data."
                        .formatted(figures.settings().run().seed()));
    }

    /** What a reader has to be told once. */
    private String once(String words) {
        return told.add(words) ? words : "";
    }

    private void say(String lead, String text) {
        sentences.add(new Sentence(lead, text));
    }

    static String steps(long count) {
        return Unit.COUNT.format((double) count) + (count == 1 ? " step" : " steps");
    }

    private static String r1(RetrievalScore score) {
        return "%s ± %s"
                .formatted(
                        Unit.percent(score.get(RetrievalMetric.R1)).toPlainString(),
                        Unit.SHARE.format(score.standardError()));
    }

    private static String trimmed(String why) {
        return why.endsWith(".") ? why.substring(0, why.length() - 1) : why;
    }
}
