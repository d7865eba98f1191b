package siglip.job.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.MetricFamily;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.ArmMetric;
import siglip.job.figures.Convergence;
import siglip.job.figures.RunFigures;
import siglip.job.figures.TensorFigures;
import siglip.job.files.Unit;
import siglip.job.stability.PairFigure;
import siglip.job.stability.SpikeLead;
import siglip.kernels.LossScalar;

/** The table that sets the arms side by side: which figures, in which order, and what each means in plain words. */
final class Summary {
    private static final String QUALITY = "What the models learned";
    private static final String STABILITY = "How steadily";
    private static final String COST = "What it cost";
    private static final String BETWEEN = " / ";

    private final RunView run;
    private final List<Row> rows = new ArrayList<>();

    private Summary(RunView run) {
        this.run = run;
    }

    static List<Row> rows(RunView run) {
        Summary summary = new Summary(run);
        summary.quality();
        summary.pairs();
        summary.stability();
        summary.cost();
        return List.copyOf(summary.rows);
    }

    private void quality() {
        RunFigures figures = run.figures();
        for (HeldOut set : figures.sets()) {
            for (Direction direction : Direction.values()) {
                retrieval(set, direction);
            }
            yardstick(
                    "Chance",
                    set,
                    metric -> figures.chance(set, Direction.IMAGE_TO_TEXT, metric),
                    "A model that cannot tell the captions apart, if one of them is right.");
            if (figures.nearestNeighbour().containsKey(set)) {
                yardstick(
                        "Nearest neighbour",
                        set,
                        figures.nearestNeighbour().get(set)::get,
                        "Yardstick without a model: the concept of the most similar training image, on raw features.");
            }
        }
        convergence();
        for (String column : run.classes()) {
            for (HeldOut set : figures.sets()) {
                if (figures.arms().stream().anyMatch(arm -> accuracy(arm, set, column) >= 0)) {
                    row(
                            QUALITY,
                            "Accuracy of %s, %s".formatted(column, set.label()),
                            arm -> result(arm, Unit.SHARE.format(accuracy(arm, set, column))),
                            "Share of images nearest to the mean caption of their %s.".formatted(column),
                            false);
                }
            }
        }
        row(
                QUALITY,
                "Final loss, nats",
                arm -> result(arm, arm.text(ArmMetric.FINAL_LOSS)),
                "Mean over the last steps (%s of them). Losses of different kinds are different quantities: do not compare them."
                        .formatted(distinct(ArmMetric.FINAL_LOSS_STEPS)),
                true);
    }

    /** How long the arms took to each level; of the first set. */
    private void convergence() {
        List<Integer> levels = run.figures().settings().evaluation().levels();
        if (run.figures().sets().isEmpty() || levels.isEmpty()) {
            return;
        }
        HeldOut set = run.figures().sets().get(0);
        String reached = levels.stream().map(String::valueOf).collect(Collectors.joining(BETWEEN));
        for (Direction direction : Direction.values()) {
            row(
                    QUALITY,
                    "Steps to R@1 of %s %%, %s, %s".formatted(reached, direction.label(), set.label()),
                    arm -> arm.convergence().getOrDefault(set, Map.of()).getOrDefault(direction, List.of()).stream()
                            .map(Summary::reached)
                            .collect(Collectors.joining(BETWEEN)),
                    "The first evaluation at or above each level, and the seconds that the arm's own steps took up to there; every %s are evaluated."
                            .formatted(Verdict.steps(
                                    run.figures().settings().evaluation().everySteps())),
                    false);
        }
    }

    private static String reached(Convergence level) {
        return level.step().isPresent()
                ? "%d (%s)".formatted(level.step().getAsLong(), Unit.SECONDS.format(level.seconds()))
                : "not reached";
    }

    /** What the geometry of embeddings says, in units that all losses share; of the first set. */
    private void pairs() {
        if (run.figures().sets().isEmpty()) {
            return;
        }
        HeldOut set = run.figures().sets().get(0);
        if (run.figures().arms().stream()
                .allMatch(
                        arm -> arm.last(set).map(each -> each.pairs().isEmpty()).orElse(true))) {
            return;
        }
        row(
                QUALITY,
                "InfoNCE, t fitted: training / held out",
                arm -> pairs(arm, set, PairFigure.INFONCE),
                "Softmax loss in nats over some pairs (%s), with the scale at which it is least: the same unit for all losses."
                        .formatted(set.label()),
                true);
        row(
                QUALITY,
                "Pair cross-entropy, t and b fitted: training / held out",
                arm -> pairs(arm, set, PairFigure.PAIR_ENTROPY),
                "Sigmoid loss in nats over the same pairs, with the scale and bias at which it is least.",
                false);
        row(
                QUALITY,
                "Modality gap: training / held out",
                arm -> pairs(arm, set, PairFigure.MODALITY_GAP),
                "Distance between the mean image and the mean text.",
                false);
        row(
                QUALITY,
                "Effective dimensions of images: training / held out",
                arm -> pairs(arm, set, PairFigure.IMAGE_RANK),
                "RankMe: exp of the entropy of the singular values of those embeddings.",
                false);
    }

    private static String pairs(ArmFigures arm, HeldOut set, PairFigure figure) {
        return arm.last(set)
                .map(each -> Unit.NUMBER.format(each.trainingPairs().getOrDefault(figure, Double.NaN))
                        + BETWEEN
                        + Unit.NUMBER.format(each.pairs().getOrDefault(figure, Double.NaN)))
                .orElseGet(() -> result(arm, Unit.NONE));
    }

    private void retrieval(HeldOut set, Direction direction) {
        for (MetricFamily family : MetricFamily.all()) {
            row(
                    QUALITY,
                    "%s, %s, %s".formatted(family.label(BETWEEN), direction.label(), set.label()),
                    arm -> result(arm, family.format(BETWEEN, metric -> arm.last(set)
                            .map(evaluation -> evaluation.score(direction).get(metric))
                            .orElse(Double.NaN))),
                    direction == Direction.IMAGE_TO_TEXT
                            ? family.meaning(set.of("held-out images"))
                            : "The same with captions as queries.",
                    true);
        }
    }

    /** What is no arm's own. A family of metrics that is not the only one is named. */
    private void yardstick(String label, HeldOut set, ToDoubleFunction<RetrievalMetric> value, String words) {
        List<MetricFamily> families = MetricFamily.all();
        for (MetricFamily family : families) {
            String name = families.size() == 1 ? label : label + ", " + family.label(BETWEEN);
            String cell = family.format(BETWEEN, value);
            rows.add(new Row(QUALITY, name + ", " + set.label(), List.of(cell), words, true));
        }
    }

    /** NaN where it was not evaluated. */
    private static double accuracy(ArmFigures arm, HeldOut set, String column) {
        return arm.last(set)
                .map(evaluation -> evaluation.classAccuracy().get(column))
                .orElse(Double.NaN);
    }

    /** The values of the arms, each once. */
    private String distinct(ArmMetric metric) {
        return run.figures().arms().stream()
                .map(arm -> arm.text(metric))
                .distinct()
                .collect(Collectors.joining(" or "));
    }

    private void stability() {
        row(
                STABILITY,
                "Verdict",
                arm -> arm.verdict().brief(),
                "Collapsed: at the end no better than a model that gives every pair the same logit. At chance: the same of what it finds.",
                true);
        row(
                STABILITY,
                "Gradient norm over local median, largest / 99 %",
                arm -> both(arm, BETWEEN, ArmMetric.LOCAL_NORM_MAX, ArmMetric.LOCAL_NORM_P99),
                "How far a step stood out from the %s before it: the worst, and what 99 of 100 stay below. The start is left out (%s steps)."
                        .formatted(distinct(ArmMetric.LOCAL_WINDOW), distinct(ArmMetric.START_STEPS)),
                true);
        row(
                STABILITY,
                "Loss over local median, largest / 99 %",
                arm -> both(arm, BETWEEN, ArmMetric.LOCAL_LOSS_MAX, ArmMetric.LOCAL_LOSS_P99),
                "The same of the loss.",
                true);
        row(
                STABILITY,
                "At the start: largest of norm / loss",
                arm -> both(arm, BETWEEN, ArmMetric.LOCAL_NORM_START, ArmMetric.LOCAL_LOSS_START),
                "The same of the first %s steps, from the sixth on.".formatted(distinct(ArmMetric.START_STEPS)),
                false);
        row(
                STABILITY,
                "Spikes of loss / gradient norm",
                arm -> spikes(arm, ArmMetric.LOCAL_LOSS_SPIKES, ArmMetric.LOCAL_NORM_SPIKES),
                "Steps above the median of the %s before them by at least 7 times their scatter, measured by its median. The first 20 are not judged."
                        .formatted(distinct(ArmMetric.LOCAL_WINDOW)),
                true);
        row(
                STABILITY,
                "The same as published",
                arm -> spikes(arm, ArmMetric.LOSS_SPIKES, ArmMetric.NORM_SPIKES),
                "OLMo 2's rule: at least 7 standard deviations from the mean of the (up to) %s steps before. A falling trend widens the deviation, so that little counts."
                        .formatted(distinct(ArmMetric.SPIKE_WINDOW)),
                false);
        tensors();
        for (LossScalar scalar : LossScalar.values()) {
            if (run.figures().arms().stream().anyMatch(arm -> arm.loss().has(scalar))) {
                row(
                        STABILITY,
                        scalar.title() + ", start → end",
                        arm -> arm.loss().has(scalar)
                                ? result(arm, arrow(arm.scalars().get(scalar)))
                                : "none",
                        scalar.meaning() + "; learned" + limit(scalar) + ".",
                        true);
            }
        }
        if (run.figures().arms().stream().anyMatch(arm -> arm.get(ArmMetric.CLIPPED_STEPS) > 0)) {
            row(
                    STABILITY,
                    "Steps with a clipped gradient",
                    arm -> arm.text(ArmMetric.CLIPPED_STEPS),
                    "Steps whose gradient was scaled down to the set norm.",
                    false);
        }
    }

    /** How far a scalar may go, where a setting says so. */
    private String limit(LossScalar scalar) {
        String most = run.figures().settings().loss().arms().stream()
                .map(arm -> Unit.NUMBER.format(arm.maxScale()))
                .distinct()
                .collect(Collectors.joining(" and "));
        return scalar.limit()
                .map(setting -> ", at most %s (loss.%s; CLIP and open_clip stop at 100)".formatted(most, setting))
                .orElse("");
    }

    /** The tensors at the ends of what was measured. */
    private void tensors() {
        if (run.figures().arms().stream().allMatch(arm -> arm.tensors().isEmpty())) {
            return;
        }
        row(
                STABILITY,
                "Update over size of a tensor",
                arm -> TensorCells.extreme(arm, TensorFigures::updateRatio, false) + " to "
                        + TensorCells.extreme(arm, TensorFigures::updateRatio, true),
                "How far one step moves a tensor, as a share of its size: the slowest and the fastest tensor by their medians, every %s measured."
                        .formatted(
                                Verdict.steps(run.figures().settings().measure().everySteps())),
                false);
        row(
                STABILITY,
                "RMS ratio, largest",
                arm -> TensorCells.extreme(arm, TensorFigures::largestRmsRatio, true),
                "How far AdamW's second moment was behind the gradient, and of which tensor: about 1 while it keeps up; loss spikes tend to follow where it passes 2.3 (Wortsman et al. 2023).",
                false);
        row(
                STABILITY,
                "Loss spikes that a large RMS ratio preceded",
                TensorCells::lead,
                "Of the loss spikes with a measurement in the %d steps before them (all only if measure.every-steps is at most that), those where a ratio of %s or more was measured there."
                        .formatted(SpikeLead.LONGEST, Unit.NUMBER.format(SpikeLead.HIGH)),
                false);
    }

    private void cost() {
        row(
                COST,
                "Time per step, median (quartiles)",
                arm -> "%s (%s to %s)"
                        .formatted(
                                arm.text(ArmMetric.STEP_SECONDS),
                                arm.text(ArmMetric.STEP_SECONDS_LOWER_QUARTILE),
                                arm.text(ArmMetric.STEP_SECONDS_UPPER_QUARTILE)),
                (run.arms().size() == 1
                                ? "Evaluations and starts of segments not counted."
                                : "The arms take turns, step by step, so that a slow minute hits them all.")
                        + latency(run),
                true);
        row(
                COST,
                "Pairs per second",
                arm -> arm.text(ArmMetric.PAIRS_PER_SECOND),
                "Global batch over that time.",
                true);
        row(
                COST,
                "Waiting share",
                arm -> arm.text(ArmMetric.WAITING_SHARE),
                "Part of a step in which a rank computed nothing: neighbours, gradient pieces, driver.",
                true);
        row(
                COST,
                "Peak memory per rank",
                arm -> arm.text(ArmMetric.PEAK_RANK_BYTES),
                "Accounted for each arm: parameters, gradients, activations, blocks and tiles. Arms share a process, and a buffer that they share counts in each.",
                true);
        row(
                COST,
                "Sent per step and rank: loss",
                arm -> arm.text(ArmMetric.RING_BYTES),
                "Embeddings, their gradients and column sums, between ranks.",
                true);
        row(
                COST,
                "Sent per step and rank: gradients",
                arm -> arm.text(ArmMetric.REDUCE_BYTES),
                "Pieces of gradients and parameters, to ranks and driver.",
                false);
        row(
                COST,
                "open_clip, for the same loss",
                arm -> arm.text(ArmMetric.OPEN_CLIP_BYTES),
                "What open_clip would send for the loss; computed, not measured.",
                true);
    }

    private void row(String group, String label, Function<ArmFigures, String> cell, String words, boolean brief) {
        rows.add(new Row(group, label, run.figures().arms().stream().map(cell).toList(), words, brief));
    }

    /** What a time says where ranks wait for most of it; empty where they compute. */
    static String latency(RunView run) {
        return run.mostlyWaiting()
                ? " Ranks wait for more than half of a step: at this size it measures latency and scheduling rather than computing."
                : "";
    }

    static String spikes(ArmFigures arm, ArmMetric loss, ArmMetric norm) {
        boolean none = Double.isNaN(arm.get(loss)) && Double.isNaN(arm.get(norm));
        return "%s of %s judged"
                .formatted(none ? "0" : both(arm, BETWEEN, loss, norm), arm.text(ArmMetric.JUDGED_STEPS));
    }

    static String both(ArmFigures arm, String between, ArmMetric one, ArmMetric other) {
        return arm.text(one) + between + arm.text(other);
    }

    /** What an arm reached, or else where it stopped. */
    private static String result(ArmFigures arm, String reached) {
        return arm.stopped().isPresent() ? arm.stoppedWords() : reached;
    }

    private static String arrow(ArmFigures.Scalar scalar) {
        return Unit.NUMBER.format(scalar.start()) + " → " + Unit.NUMBER.format(scalar.end());
    }
}
