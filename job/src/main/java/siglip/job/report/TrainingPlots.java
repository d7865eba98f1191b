package siglip.job.report;

import static siglip.job.report.ArmFigures.IMAGE_TO_TEXT;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import siglip.job.config.LossSettings;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.training.StepRecord;

/** The plots over training steps: what was learned, and how steadily. */
final class TrainingPlots {
    /** Fewer steps than this are drawn as they are. */
    private static final int SMOOTHED_FROM = 80;

    private static final int SMOOTH_PLACES = 160;

    private final Figures figures;

    TrainingPlots(Figures figures) {
        this.figures = figures;
    }

    /** The class of the style sheet that colours an arm; colours repeat after six. */
    static String colour(int arm) {
        return "arm" + arm % 6;
    }

    List<LinePlot> quality() {
        List<LinePlot> plots = new ArrayList<>();
        for (int k : new int[] {1, 5, 10}) {
            plots.add(retrieval(k, "image → text", IMAGE_TO_TEXT, Evaluation::imageToText));
            plots.add(retrieval(k, "text → image", ArmFigures.TEXT_TO_IMAGE, Evaluation::textToImage));
        }
        for (String column : figures.classes()) {
            LinePlot plot = new LinePlot("Accuracy of " + column, "step", "% of images").fromZero();
            evaluations(plot, evaluation -> evaluation.classAccuracy().getOrDefault(column, Double.NaN));
            plots.add(plot);
        }
        return plots.stream().filter(plot -> !plot.empty()).toList();
    }

    List<LinePlot> stability() {
        List<LinePlot> plots = new ArrayList<>(loss());
        LinePlot norm = new LinePlot("Gradient norm", "step", "norm")
                .log()
                .words("Towers, table rows, t' and b together, before clipping.");
        each(norm, arm -> true, StepRecord::gradientNorm, true);
        plots.add(norm);
        LinePlot scale = new LinePlot("Logit scale t", "step", "t").words("What similarities are multiplied by.");
        each(scale, arm -> true, StepRecord::scale, false);
        plots.add(scale);
        LinePlot bias = new LinePlot("Bias b", "step", "b").words("Softmax has none.");
        each(bias, ArmFigures::sigmoid, StepRecord::bias, false);
        plots.add(bias);
        for (int arm = 0; arm < figures.arms().size(); arm++) {
            plots.add(logits(arm));
        }
        return plots.stream().filter(plot -> !plot.empty()).toList();
    }

    private List<LinePlot> loss() {
        List<LinePlot> plots = new ArrayList<>();
        for (LossSettings.Kind kind : LossSettings.Kind.values()) {
            boolean sigmoid = kind == LossSettings.Kind.SIGMOID;
            LinePlot plot = new LinePlot(sigmoid ? "Sigmoid loss" : "Softmax loss", "step", "nats")
                    .logIfSteep()
                    .words("Not comparable with another kind of loss.");
            each(plot, arm -> arm.result().arm().kind() == kind, StepRecord::loss, true);
            plots.add(plot);
        }
        return plots;
    }

    private LinePlot logits(int index) {
        ArmFigures arm = figures.arms().get(index);
        double[] steps = arm.values(StepRecord::step);
        LinePlot plot = new LinePlot("Logits, " + arm.name(), "step", "logit")
                .words("Shaded: from the smallest to the largest positive." + (arm.sigmoid() ? " With b." : ""))
                .band(
                        colour(index),
                        steps,
                        arm.values(StepRecord::minPositiveLogit),
                        arm.values(StepRecord::maxPositiveLogit));
        plot.add(new Curve(
                "positive pairs, mean",
                colour(index),
                Curve.Style.SOLID,
                steps,
                arm.values(StepRecord::positiveLogit)));
        plot.add(new Curve(
                "negative pairs, mean", "muted", Curve.Style.SOLID, steps, arm.values(StepRecord::negativeLogit)));
        stop(plot, index);
        return plot;
    }

    private void each(LinePlot plot, Predicate<ArmFigures> which, ToDoubleFunction<StepRecord> value, boolean noisy) {
        for (int index = 0; index < figures.arms().size(); index++) {
            ArmFigures arm = figures.arms().get(index);
            if (which.test(arm)) {
                double[] values = arm.values(value);
                boolean smooth = noisy && values.length >= SMOOTHED_FROM;
                int window = Math.min(501, values.length / 40 * 2 + 1);
                Curve raw = new Curve(
                        arm.name(),
                        colour(index),
                        smooth ? Curve.Style.FAINT : Curve.Style.SOLID,
                        arm.values(StepRecord::step),
                        values);
                plot.add(raw);
                if (smooth) {
                    plot.add(raw.smoothed(
                            "%s, median of %d steps".formatted(arm.name(), window), window, SMOOTH_PLACES));
                }
                stop(plot, index);
            }
        }
    }

    private void stop(LinePlot plot, int index) {
        ArmFigures arm = figures.arms().get(index);
        List<StepRecord> steps = arm.result().steps();
        if (arm.result().stopped().isPresent() && !steps.isEmpty()) {
            plot.stop(colour(index), arm.name() + " stopped", (double)
                    steps.get(steps.size() - 1).step());
        }
    }

    private LinePlot retrieval(int k, String label, String way, Function<Evaluation, RetrievalScore> scores) {
        LinePlot plot = new LinePlot("R@%d, %s".formatted(k, label), "step", "% of queries").fromZero();
        evaluations(plot, evaluation -> switch (k) {
            case 1 -> scores.apply(evaluation).r1();
            case 5 -> scores.apply(evaluation).r5();
            default -> scores.apply(evaluation).r10();
        });
        Map<String, double[]> levels = new LinkedHashMap<>();
        for (String set : figures.sets()) {
            if (way.equals(IMAGE_TO_TEXT) && figures.run().has("nearest_neighbour", set, "r" + k)) {
                levels.put(
                        "nearest neighbour, " + set,
                        new double[] {figures.run().value("nearest_neighbour", set, "r" + k)});
            }
        }
        for (String set : figures.sets()) {
            levels.put("chance, " + set, new double[] {figures.run().value("chance", set, way, "r" + k)});
        }
        levels.forEach((text, level) -> level(plot, "%s %s".formatted(text, Unit.SHARE.format(level[0])), level[0]));
        return plot;
    }

    private void level(LinePlot plot, String label, double share) {
        double[] steps = figures.arms().stream()
                .flatMap(arm -> arm.result().evaluations().stream())
                .mapToDouble(Evaluation::step)
                .toArray();
        double first = Arrays.stream(steps).min().orElse(0);
        double last = Arrays.stream(steps).max().orElse(1);
        plot.add(new Curve(
                label, "muted", Curve.Style.DOTTED, new double[] {first, last}, new double[] {100 * share, 100 * share
                }));
    }

    private void evaluations(LinePlot plot, ToDoubleFunction<Evaluation> share) {
        for (int index = 0; index < figures.arms().size(); index++) {
            ArmFigures arm = figures.arms().get(index);
            for (String set : figures.sets()) {
                List<Evaluation> evaluations = arm.result().evaluations().stream()
                        .filter(evaluation -> evaluation.set().equals(set))
                        .toList();
                if (!evaluations.isEmpty()) {
                    plot.add(new Curve(
                            "%s, %s".formatted(arm.name(), set),
                            colour(index),
                            set.equals(figures.sets().get(0)) ? Curve.Style.POINTS : Curve.Style.DASHED_POINTS,
                            evaluations.stream().mapToDouble(Evaluation::step).toArray(),
                            evaluations.stream()
                                    .mapToDouble(e -> 100 * share.applyAsDouble(e))
                                    .toArray()));
                }
            }
        }
    }
}
