package siglip.job.report;

import static siglip.job.figures.ArmFigures.IMAGE_TO_TEXT;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import java.util.stream.LongStream;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.figures.ArmFigures;
import siglip.job.figures.Figure;
import siglip.job.figures.Figures;
import siglip.job.training.StepRecord;
import siglip.kernels.Loss;
import siglip.kernels.LossScalar;

/** The plots over training steps: what was learned, and how steadily. */
final class TrainingPlots {
    /** Fewer steps than this are drawn as they are. */
    private static final int SMOOTHED_FROM = 80;

    private static final int SMOOTH_PLACES = 160;

    private final Figures figures;

    /** Where the longest arm ends: all plots go that far, so that one can be laid beside another. */
    private final double lastStep;

    TrainingPlots(Figures figures) {
        this.figures = figures;
        LongStream trained = figures.arms().stream()
                .flatMap(arm -> arm.result().steps().stream())
                .mapToLong(step -> step.step() + 1);
        LongStream evaluated = figures.arms().stream()
                .flatMap(arm -> arm.result().evaluations().stream())
                .mapToLong(Evaluation::step);
        this.lastStep = LongStream.concat(trained, evaluated).max().orElse(1);
    }

    /** The class of the style sheet that colours an arm; colours repeat after six. */
    static String colour(int arm) {
        return "arm" + arm % 6;
    }

    List<LinePlot> quality() {
        List<LinePlot> plots = new ArrayList<>();
        for (int k : new int[] {1, 5, 10}) {
            plots.add(retrieval(k, "image → text", IMAGE_TO_TEXT, Evaluation::imageToText));
        }
        for (int k : new int[] {1, 5, 10}) {
            plots.add(retrieval(k, "text → image", ArmFigures.TEXT_TO_IMAGE, Evaluation::textToImage));
        }
        for (String column : figures.classes()) {
            LinePlot plot = plot("Accuracy of " + column, "step", "% of images").fromZero();
            evaluations(plot, evaluation -> evaluation.classAccuracy().getOrDefault(column, Double.NaN));
            plots.add(plot);
        }
        return plots.stream().filter(plot -> !plot.empty()).toList();
    }

    List<LinePlot> stability() {
        List<LinePlot> plots = new ArrayList<>(loss());
        LinePlot norm = plot("Gradient norm", "step", "norm")
                .log()
                .words("Towers, table rows and scalars of the loss together, before clipping.");
        each(norm, arm -> true, StepRecord::gradientNorm, true);
        plots.add(norm);
        for (LossScalar scalar : LossScalar.values()) {
            LinePlot plot = plot(scalar.title(), "step", scalar.unit()).words(scalar.meaning() + "; learned.");
            each(plot, arm -> arm.loss().has(scalar), step -> step.scalar(scalar), false);
            plots.add(plot);
        }
        for (int arm = 0; arm < figures.arms().size(); arm++) {
            plots.add(logits(arm));
        }
        return plots.stream().filter(plot -> !plot.empty()).toList();
    }

    private List<LinePlot> loss() {
        List<LinePlot> plots = new ArrayList<>();
        for (Loss loss : Loss.values()) {
            String name = loss.id().substring(0, 1).toUpperCase(Locale.ROOT)
                    + loss.id().substring(1);
            LinePlot plot = plot(name + " loss", "step", "nats")
                    .logIfSteep()
                    .words("Not comparable with another kind of loss.");
            each(plot, arm -> arm.loss() == loss, StepRecord::loss, true);
            plots.add(plot);
        }
        return plots;
    }

    private LinePlot logits(int index) {
        ArmFigures arm = figures.arms().get(index);
        double[] steps = arm.values(StepRecord::step);
        LinePlot plot = plot("Logits, " + arm.name(), "step", "logit")
                .words("Shaded: smallest to largest positive."
                        + (arm.loss().has(LossScalar.BIAS) ? " b included." : ""))
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
                boolean steps = noisy && !smooth;
                plot.add(steps ? raw.named(arm.name() + ", last step") : raw);
                if (smooth) {
                    plot.add(raw.smoothed(
                            "%s, running median of %d steps; over the last %d"
                                    .formatted(arm.name(), window, window / 2 + 1),
                            window,
                            SMOOTH_PLACES));
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
        LinePlot plot =
                plot("R@%d, %s".formatted(k, label), "step", "% of queries").fromZero();
        evaluations(plot, evaluation -> switch (k) {
            case 1 -> scores.apply(evaluation).r1();
            case 5 -> scores.apply(evaluation).r5();
            default -> scores.apply(evaluation).r10();
        });
        if (way.equals(IMAGE_TO_TEXT)) {
            levels(plot, "nearest neighbour", "nearest_neighbour", "r" + k, List.of());
        }
        levels(plot, "chance", "chance", "r" + k, List.of(way));
        return plot;
    }

    /** A level for each set that has one, all in one line of the legend. */
    private void levels(LinePlot plot, String label, String figure, String score, List<String> way) {
        List<Figure> levels = new ArrayList<>();
        List<String> texts = new ArrayList<>();
        for (String set : figures.sets()) {
            List<String> path = new ArrayList<>(List.of(figure, set));
            path.addAll(way);
            path.add(score);
            if (figures.run().has(path.toArray(String[]::new))) {
                levels.add(figures.run().get(path.toArray(String[]::new)));
                texts.add("%s %s"
                        .formatted(
                                figures.label(set),
                                levels.get(levels.size() - 1).text()));
            }
        }
        for (int i = 0; i < levels.size(); i++) {
            double percent = 100 * levels.get(i).value();
            plot.add(new Curve(
                    i == 0 ? "%s: %s".formatted(label, String.join(", ", texts)) : "",
                    "muted",
                    Curve.Style.DOTTED,
                    new double[] {0, lastStep},
                    new double[] {percent, percent}));
        }
    }

    private LinePlot plot(String title, String xLabel, String yLabel) {
        return new LinePlot(title, xLabel, yLabel).over(0, lastStep);
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
                            "%s, %s".formatted(arm.name(), figures.label(set)),
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
