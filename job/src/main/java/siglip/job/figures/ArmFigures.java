package siglip.job.figures;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import siglip.job.comparison.ArmResult;
import siglip.job.config.Settings;
import siglip.job.config.TrainingSettings;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.training.StepRecord;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalar;

/**
 * The figures of one arm.
 *
 * @param result what the figures are of
 * @param times where the time of a step went
 * @param metrics of all kinds; NaN where there is no such number
 * @param scalars of all losses; NaN where the arm's has none
 * @param verdict whether it has learned
 * @param tensors what was measured of each, by name and in their order
 * @param convergence how long it took to each of {@code evaluation.levels}
 */
public record ArmFigures(
        ArmResult result,
        StepTimes times,
        Map<ArmMetric, Double> metrics,
        Map<LossScalar, Scalar> scalars,
        ArmVerdict verdict,
        Map<String, TensorFigures> tensors,
        Map<HeldOut, Map<Direction, List<Convergence>>> convergence) {
    /**
     * A learned scalar, as people are shown it.
     *
     * @param end before the last update
     * @param drift how far it has moved in the last quarter of the steps: near 0 where it has come to rest
     */
    public record Scalar(double start, double end, double drift) {}

    static ArmFigures of(ArmResult result, Settings settings) {
        TrainingSettings training = settings.training();
        StepTimes times = StepTimes.of(result.steps());
        ArmRun run = ArmRun.of(result, training, times);
        Map<ArmMetric, Double> metrics = new EnumMap<>(ArmMetric.class);
        for (ArmMetric metric : ArmMetric.values()) {
            metrics.put(metric, metric.of(run));
        }
        Map<LossScalar, Scalar> scalars = new EnumMap<>(LossScalar.class);
        for (LossScalar scalar : LossScalar.values()) {
            double start = result.starts().getOrDefault(scalar.shownName(), Double.NaN);
            scalars.put(
                    scalar,
                    new Scalar(
                            start,
                            run.last(step -> step.scalar(scalar)),
                            run.lastQuarter(step -> step.scalar(scalar))));
        }
        return new ArmFigures(
                result,
                times,
                metrics,
                scalars,
                ArmVerdict.of(result, training),
                TensorFigures.of(result.steps(), run.loss()),
                Convergence.of(result, settings.evaluation().levels()));
    }

    /** As in the settings. */
    public String name() {
        return result.arm().name();
    }

    public Loss loss() {
        return result.arm().loss();
    }

    /** The loss with its options. */
    public LossForm form() {
        return result.arm().form();
    }

    /** Why the arm ended before its last step, if it did. */
    public Optional<String> stopped() {
        return result.stopped();
    }

    /** In order of steps. */
    public List<Evaluation> evaluations() {
        return result.evaluations();
    }

    /** NaN if there is no such number. */
    public double get(ArmMetric metric) {
        return metrics.get(metric);
    }

    /** For people. */
    public String text(ArmMetric metric) {
        return metric.unit().format(get(metric));
    }

    /** The step whose loss or gradient was no number, if the arm stopped at one. */
    public OptionalLong stoppedAt() {
        List<StepRecord> steps = result.steps();
        return stopped().isPresent() && !steps.isEmpty()
                ? OptionalLong.of(steps.get(steps.size() - 1).step())
                : OptionalLong.empty();
    }

    /** What stands in place of a result of an arm that has none: {@code stopped at step 7}. */
    public String stoppedWords() {
        return stoppedAt().isPresent() ? "stopped at step " + stoppedAt().getAsLong() : "stopped";
    }

    /** The evaluation at the end; none of an arm that stopped, since what it was before is no result. */
    public Optional<Evaluation> last(HeldOut set) {
        return stopped().isPresent() ? Optional.empty() : newest(set);
    }

    /** The newest evaluation of a held-out set. */
    Optional<Evaluation> newest(HeldOut set) {
        return evaluations().stream()
                .filter(evaluation -> evaluation.set() == set)
                .reduce((earlier, later) -> later);
    }
}
