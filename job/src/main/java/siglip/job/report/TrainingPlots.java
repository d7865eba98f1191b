package siglip.job.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.files.Unit;
import siglip.job.stability.LocalLevel;
import siglip.job.stability.PairFigure;
import siglip.job.stability.Statistics;
import siglip.job.training.StepRecord;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalar;

/** The plots over training steps: what was learned, and how steadily. */
final class TrainingPlots {
    /** Fewer steps than this are drawn as they are. */
    private static final int SMOOTHED_FROM = 80;

    private static final int SMOOTH_PLACES = 160;

    private final RunView run;

    /** Where the longest arm ends: all plots go that far, so that one can be laid beside another. */
    private final double lastStep;

    TrainingPlots(RunView run) {
        this.run = run;
        LongStream trained =
                run.arms().stream().flatMap(arm -> arm.steps().stream()).mapToLong(step -> step.step() + 1);
        LongStream evaluated = run.figures().arms().stream()
                .flatMap(arm -> arm.evaluations().stream())
                .mapToLong(Evaluation::step);
        this.lastStep = LongStream.concat(trained, evaluated).max().orElse(1);
    }

    List<LinePlot> quality() {
        List<LinePlot> plots = new ArrayList<>();
        for (Direction direction : Direction.values()) {
            for (RetrievalMetric metric : RetrievalMetric.values()) {
                plots.add(retrieval(direction, metric));
            }
        }
        for (String column : run.classes()) {
            LinePlot plot = plot("Accuracy of " + column, "step", "% of images").fromZero();
            evaluations(
                    plot, Unit.SHARE, evaluation -> evaluation.classAccuracy().getOrDefault(column, Double.NaN));
            plots.add(plot);
        }
        return plots.stream().filter(plot -> !plot.empty()).toList();
    }

    List<LinePlot> stability() {
        List<LinePlot> plots = new ArrayList<>(loss());
        LinePlot norm = plot("Gradient norm", "step", "norm")
                .log()
                .words("Of towers and table rows, before clipping; without the scalars of the loss.");
        each(norm, arm -> true, StepRecord::towerGradientNorm, true);
        plots.add(norm);
        plots.add(local("Loss over local median", StepRecord::loss));
        plots.add(local("Gradient norm over local median", StepRecord::gradientNorm));
        plots.add(meanLogit());
        for (LossScalar scalar : LossScalar.values()) {
            LinePlot plot = plot(scalar.title(), "step", scalar.unit()).words(scalar.meaning() + "; learned.");
            each(plot, arm -> arm.figures().loss().has(scalar), step -> step.scalar(scalar), false);
            plots.add(plot);
        }
        run.arms().forEach(arm -> plots.add(logits(arm)));
        plots.addAll(pairs());
        return plots.stream().filter(plot -> !plot.empty()).toList();
    }

    private List<LinePlot> loss() {
        List<LinePlot> plots = new ArrayList<>();
        List<LossForm> forms = run.arms().stream()
                .map(arm -> arm.figures().form())
                .distinct()
                .sorted(Comparator.comparing(LossForm::loss))
                .toList();
        for (LossForm form : forms) {
            String title = form.title();
            LinePlot plot = plot(title.substring(0, 1).toUpperCase(Locale.ROOT) + title.substring(1), "step", "nats")
                    .logIfSteep()
                    .words("Not comparable with another kind of loss.");
            each(plot, arm -> arm.figures().form().equals(form), StepRecord::loss, true);
            plots.add(plot);
        }
        return plots;
    }

    /** What stands out of a series, and which of it counts as a spike. */
    private LinePlot local(String title, ToDoubleFunction<StepRecord> value) {
        LinePlot plot = plot(title, "step", "times")
                .logIfSteep()
                .words(
                        "Each step over the median of the %d before it; dots are spikes: at least %.0f times their scatter above."
                                .formatted(LocalLevel.WINDOW, LocalLevel.SPIKE_DEVIATIONS));
        for (ArmView arm : run.arms()) {
            double[] values = arm.values(value);
            LocalLevel level = LocalLevel.of(values);
            double[] ratios = level.ratios();
            double[] steps = arm.values(StepRecord::step);
            plot.add(new Curve(arm.name(), arm.colour(), Curve.Style.SOLID, steps, ratios));
            int[] spikes = IntStream.range(Statistics.SHORTEST_WINDOW, values.length)
                    .filter(level::isSpike)
                    .toArray();
            if (spikes.length > 0) { // with a gap after each, so that no line joins them
                plot.add(new Curve(
                        "",
                        arm.colour(),
                        Curve.Style.POINTS,
                        IntStream.of(spikes)
                                .mapToDouble(i -> steps[i])
                                .flatMap(x -> DoubleStream.of(x, x))
                                .toArray(),
                        IntStream.of(spikes)
                                .mapToDouble(i -> ratios[i])
                                .flatMap(y -> DoubleStream.of(y, Double.NaN))
                                .toArray()));
            }
            stop(plot, arm);
        }
        return plot;
    }

    /** Where all logits move together, positives and negatives. */
    private LinePlot meanLogit() {
        double pairs = run.figures().settings().training().batchSize();
        LinePlot plot = plot("Mean logit", "step", "logit")
                .words(
                        "Over all pairs of a batch, nearly all of them negatives: where the sigmoid loss collapses, all logits shift together.");
        each(plot, arm -> true, step -> (step.positiveLogit() + (pairs - 1) * step.negativeLogit()) / pairs, true);
        return plot;
    }

    /** The geometry of embedded pairs over the evaluations; of the first set. */
    private List<LinePlot> pairs() {
        return List.of(
                pairs(
                        PairFigure.INFONCE,
                        "InfoNCE, t fitted",
                        "nats",
                        "Softmax loss over some pairs with the scale that suits them best: the same unit for all losses."),
                pairs(
                        PairFigure.RELATIVE_BIAS,
                        "Threshold b_rel",
                        "similarity",
                        "Half-way between the similarities of positives and negatives, 5 % of each left out."),
                pairs(
                        PairFigure.IMAGE_RANK,
                        "Effective dimensions of images",
                        "dimensions",
                        "RankMe: exp of the entropy of their singular values."),
                pairs(PairFigure.MODALITY_GAP, "Modality gap", "distance", "Between the mean image and the mean text."),
                pairs(
                        PairFigure.IMAGE_COMMON_GRADIENT,
                        "Gradient along its common direction",
                        "share",
                        "How much of the images' gradient pushes all of them alike."));
    }

    private LinePlot pairs(PairFigure figure, String title, String unit, String words) {
        LinePlot plot = plot(title, "step", unit).words(words);
        for (HeldOut set : run.figures().sets().stream().limit(1).toList()) {
            for (ArmView arm : run.arms()) {
                List<Evaluation> evaluations = arm.figures().evaluations().stream()
                        .filter(evaluation -> evaluation.set() == set)
                        .toList();
                double[] steps =
                        evaluations.stream().mapToDouble(Evaluation::step).toArray();
                curve(
                        plot,
                        "%s, %s".formatted(arm.name(), set.label()),
                        arm,
                        Curve.Style.POINTS,
                        steps,
                        evaluations.stream()
                                .mapToDouble(each -> each.pairs().getOrDefault(figure, Double.NaN))
                                .toArray());
                curve(
                        plot,
                        arm.name() + ", training",
                        arm,
                        Curve.Style.DASHED_POINTS,
                        steps,
                        evaluations.stream()
                                .mapToDouble(each -> each.trainingPairs().getOrDefault(figure, Double.NaN))
                                .toArray());
            }
        }
        return plot;
    }

    private static void curve(LinePlot plot, String label, ArmView arm, Curve.Style style, double[] x, double[] y) {
        if (Arrays.stream(y).anyMatch(Double::isFinite)) {
            plot.add(new Curve(label, arm.colour(), style, x, y));
        }
    }

    private LinePlot logits(ArmView arm) {
        double[] steps = arm.values(StepRecord::step);
        LinePlot plot = plot("Logits, " + arm.name(), "step", "logit")
                .words(Stream.concat(
                                Stream.of("Shaded: smallest to largest positive."),
                                arm.figures().loss().scalars().stream().map(LossScalar::ofLogits))
                        .filter(words -> !words.isEmpty())
                        .collect(Collectors.joining(" ")))
                .band(
                        arm.colour(),
                        steps,
                        arm.values(StepRecord::minPositiveLogit),
                        arm.values(StepRecord::maxPositiveLogit));
        plot.add(new Curve(
                "positive pairs, mean", arm.colour(), Curve.Style.SOLID, steps, arm.values(StepRecord::positiveLogit)));
        plot.add(new Curve(
                "negative pairs, mean", "muted", Curve.Style.SOLID, steps, arm.values(StepRecord::negativeLogit)));
        stop(plot, arm);
        return plot;
    }

    private void each(LinePlot plot, Predicate<ArmView> which, ToDoubleFunction<StepRecord> value, boolean noisy) {
        for (ArmView arm : run.arms()) {
            if (which.test(arm)) {
                double[] values = arm.values(value);
                boolean smooth = noisy && values.length >= SMOOTHED_FROM;
                int window = Math.min(501, values.length / 40 * 2 + 1);
                Curve raw = new Curve(
                        arm.name(),
                        arm.colour(),
                        smooth ? Curve.Style.FAINT : Curve.Style.SOLID,
                        arm.values(StepRecord::step),
                        values);
                boolean steps = noisy && !smooth;
                plot.add(steps ? raw.named(arm.name() + ", last step") : raw);
                if (smooth) {
                    plot.add(raw.smoothed(
                            "%s, running median of %d steps; over the last %d"
                                    .formatted(arm.name(), window, window / 2 + 1),
                            window,
                            SMOOTH_PLACES));
                }
                stop(plot, arm);
            }
        }
    }

    private static void stop(LinePlot plot, ArmView arm) {
        List<StepRecord> steps = arm.steps();
        if (arm.figures().stopped().isPresent() && !steps.isEmpty()) {
            plot.stop(arm.colour(), arm.name() + " stopped", (double)
                    steps.get(steps.size() - 1).step());
        }
    }

    private LinePlot retrieval(Direction direction, RetrievalMetric metric) {
        LinePlot plot = plot("%s, %s".formatted(metric.label(), direction.label()), "step", metric.axis())
                .fromZero();
        evaluations(
                plot, metric.unit(), evaluation -> evaluation.score(direction).get(metric));
        if (direction == Direction.IMAGE_TO_TEXT) {
            Map<HeldOut, Double> nearest = new EnumMap<>(HeldOut.class);
            run.figures().nearestNeighbour().forEach((set, score) -> nearest.put(set, score.get(metric)));
            nearest.keySet().retainAll(run.figures().sets());
            levels(plot, "nearest neighbour", metric.unit(), nearest);
        }
        Map<HeldOut, Double> chance = new EnumMap<>(HeldOut.class);
        run.figures().sets().forEach(set -> chance.put(set, run.figures().chance(set, direction, metric)));
        levels(plot, "chance", metric.unit(), chance);
        return plot;
    }

    /** A level for each set that has one, all in one line of the legend. */
    private void levels(LinePlot plot, String label, Unit unit, Map<HeldOut, Double> values) {
        String texts = values.entrySet().stream()
                .map(each -> each.getKey().label() + " " + unit.format(each.getValue()))
                .collect(Collectors.joining(", ", label + ": ", ""));
        for (double value : values.values()) {
            double level = unit.plotted(value);
            plot.add(new Curve(
                    texts, "muted", Curve.Style.DOTTED, new double[] {0, lastStep}, new double[] {level, level}));
            texts = "";
        }
    }

    private LinePlot plot(String title, String xLabel, String yLabel) {
        return new LinePlot(title, xLabel, yLabel).over(0, lastStep);
    }

    private void evaluations(LinePlot plot, Unit unit, ToDoubleFunction<Evaluation> value) {
        for (ArmView arm : run.arms()) {
            for (HeldOut set : run.figures().sets()) {
                List<Evaluation> evaluations = arm.figures().evaluations().stream()
                        .filter(evaluation -> evaluation.set() == set)
                        .toList();
                if (!evaluations.isEmpty()) {
                    plot.add(new Curve(
                            "%s, %s".formatted(arm.name(), set.label()),
                            arm.colour(),
                            set == run.figures().sets().get(0) ? Curve.Style.POINTS : Curve.Style.DASHED_POINTS,
                            evaluations.stream().mapToDouble(Evaluation::step).toArray(),
                            evaluations.stream()
                                    .mapToDouble(e -> unit.plotted(value.applyAsDouble(e)))
                                    .toArray()));
                }
            }
        }
    }
}
