package siglip.job.figures;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import siglip.job.comparison.ArmResult;
import siglip.job.config.TrainingSettings;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.stability.Statistics;
import siglip.job.stage.Phase;
import siglip.job.stage.RankStep;
import siglip.job.training.StepRecord;
import siglip.kernels.Loss;
import siglip.kernels.LossScalar;

/** The figures of one arm. What each means, and its unit, stands in {@code docs/metrics.md}. */
public final class ArmFigures {
    public static final String IMAGE_TO_TEXT = "image_to_text";
    public static final String TEXT_TO_IMAGE = "text_to_image";

    private final ArmResult result;
    private final StepTimes times;
    private final FigureSet figures = new FigureSet();

    ArmFigures(ArmResult result, TrainingSettings training) {
        this.result = result;
        this.times = StepTimes.of(result.steps());
        losses();
        for (String set :
                result.evaluations().stream().map(Evaluation::set).distinct().toList()) {
            quality(set, lastEvaluation(set).orElseThrow());
        }
        stability(training.warmupSteps());
        scalars();
        cost(training.batchSize());
    }

    public String name() {
        return result.arm().name();
    }

    public Loss loss() {
        return result.arm().loss();
    }

    public ArmResult result() {
        return result;
    }

    public StepTimes times() {
        return times;
    }

    public FigureSet figures() {
        return figures;
    }

    /** The newest evaluation of a held-out set. */
    public Optional<Evaluation> lastEvaluation(String set) {
        return result.evaluations().stream()
                .filter(evaluation -> evaluation.set().equals(set))
                .reduce((earlier, later) -> later);
    }

    /** One value a step, in order. */
    public double[] values(ToDoubleFunction<StepRecord> value) {
        return result.steps().stream().mapToDouble(value).toArray();
    }

    private void losses() {
        int steps = result.steps().size();
        int last = Math.max(1, Math.min(100, steps / 20));
        long finite = result.steps().stream().filter(StepRecord::finite).count();
        figures.add(Unit.COUNT, (double) finite, "completed_steps");
        figures.add(Unit.NUMBER, Statistics.meanOfLast(last, values(StepRecord::loss)), "final_loss");
        figures.add(Unit.COUNT, Math.min(last, steps), "final_loss_steps");
        figures.add(Unit.NUMBER, Statistics.meanOfLast(last, values(StepRecord::positiveLogit)), "logits", "positive");
        figures.add(Unit.NUMBER, Statistics.meanOfLast(last, values(StepRecord::negativeLogit)), "logits", "negative");
    }

    private void quality(String set, Evaluation evaluation) {
        figures.add(Unit.COUNT, (double) evaluation.step(), "retrieval", set, "step");
        retrieval(set, IMAGE_TO_TEXT, evaluation.imageToText());
        retrieval(set, TEXT_TO_IMAGE, evaluation.textToImage());
        for (Map.Entry<String, Double> accuracy : evaluation.classAccuracy().entrySet()) {
            figures.add(Unit.SHARE, accuracy.getValue(), "class_accuracy", set, accuracy.getKey());
        }
    }

    private void retrieval(String set, String way, RetrievalScore score) {
        figures.add(Unit.COUNT, score.queries(), "retrieval", set, way, "queries");
        figures.add(Unit.SHARE, score.r1(), "retrieval", set, way, "r1");
        figures.add(Unit.SHARE, score.r5(), "retrieval", set, way, "r5");
        figures.add(Unit.SHARE, score.r10(), "retrieval", set, way, "r10");
        double error = Statistics.standardError(score.r1(), score.queries());
        figures.add(Unit.SHARE, error, "retrieval", set, way, "r1_standard_error");
    }

    private void stability(long warmupSteps) {
        double[] norms = values(StepRecord::gradientNorm);
        double median = Statistics.median(norms);
        figures.add(Unit.NUMBER, median, "gradient_norm", "median");
        figures.add(Unit.TIMES, Statistics.max(norms) / median, "gradient_norm", "max_over_median");
        double[] warm = result.steps().stream()
                .filter(step -> step.step() >= warmupSteps)
                .mapToDouble(StepRecord::gradientNorm)
                .toArray();
        double ratio = Statistics.max(warm) / Statistics.median(warm);
        figures.add(Unit.TIMES, ratio, "gradient_norm", "max_over_median_after_warmup");
        int window = Statistics.spikeWindow(norms.length);
        figures.add(Unit.COUNT, window, "spikes", "window");
        double judged = Math.max(0, figures.value("completed_steps") - Statistics.SHORTEST_WINDOW);
        figures.add(Unit.COUNT, judged, "spikes", "judged");
        figures.add(Unit.COUNT, Statistics.spikes(window, values(StepRecord::loss)), "spikes", "loss");
        figures.add(Unit.COUNT, Statistics.spikes(window, norms), "spikes", "gradient_norm");
        long clipped = result.steps().stream().filter(StepRecord::clipped).count();
        figures.add(Unit.COUNT, (double) clipped, "clipped_steps");
    }

    private void scalars() {
        List<StepRecord> steps = result.steps();
        for (LossScalar scalar : LossScalar.values()) {
            String name = scalar.shownName();
            figures.add(Unit.NUMBER, result.starts().getOrDefault(name, Double.NaN), name, "start");
            double end =
                    steps.isEmpty() ? Double.NaN : steps.get(steps.size() - 1).scalar(scalar);
            figures.add(Unit.NUMBER, end, name, "end");
        }
    }

    private void cost(int batchSize) {
        double seconds = Statistics.median(values(StepRecord::seconds));
        figures.add(Unit.SECONDS, seconds, "seconds_per_step");
        double[] each = values(StepRecord::seconds);
        figures.add(Unit.SECONDS, Statistics.quantile(0.25, each), "seconds_per_step_lower_quartile");
        figures.add(Unit.SECONDS, Statistics.quantile(0.75, each), "seconds_per_step_upper_quartile");
        figures.add(Unit.COUNT, batchSize / seconds, "pairs_per_second");
        for (Phase phase : Phase.values()) {
            figures.add(Unit.SECONDS, times.seconds(phase), "phase_seconds", phase.key());
        }
        figures.add(Unit.SHARE, times.waitingShare(), "waiting_share");
        figures.add(Unit.BYTES, (double) result.peakRankBytes(), "peak_rank_bytes");
        figures.add(Unit.BYTES, bytes(RankStep::ringBytes), "bytes_per_step", "ring");
        figures.add(Unit.BYTES, bytes(RankStep::reduceBytes), "bytes_per_step", "reduce");
        figures.add(Unit.BYTES, (double) result.openClipBytesPerStep(), "bytes_per_step", "open_clip_ring");
    }

    /** Median over the steps of the mean over the ranks. */
    private double bytes(ToDoubleFunction<RankStep> bytes) {
        return Statistics.median(values(
                step -> step.ranks().stream().mapToDouble(bytes).average().orElse(Double.NaN)));
    }
}
