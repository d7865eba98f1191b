package siglip.job.figures;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import siglip.job.comparison.ArmResult;
import siglip.job.config.TrainingSettings;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Evaluation;
import siglip.job.stage.PhaseSeconds;
import siglip.kernels.Loss;
import siglip.kernels.LossScalar;

/**
 * The figures of one arm.
 *
 * @param name as in the settings
 * @param loss what it trained with
 * @param stopped why the arm ended before its last step, if it did
 * @param metrics of all kinds; NaN where there is no such number
 * @param scalars of all losses; NaN where the arm's has none
 * @param phases seconds of a step, means over ranks and over the middle half of the steps by duration
 * @param evaluations in order of steps
 */
public record ArmFigures(
        String name,
        Loss loss,
        Optional<String> stopped,
        Map<ArmMetric, Double> metrics,
        Map<LossScalar, Scalar> scalars,
        PhaseSeconds phases,
        List<Evaluation> evaluations) {
    /** A learned scalar, as people are shown it, at the start and before the last update. */
    public record Scalar(double start, double end) {}

    public ArmFigures {
        metrics = Collections.unmodifiableMap(new EnumMap<>(metrics));
        scalars = Collections.unmodifiableMap(new EnumMap<>(scalars));
        evaluations = List.copyOf(evaluations);
    }

    static ArmFigures of(ArmResult result, TrainingSettings training) {
        ArmRun run = new ArmRun(result, training);
        Map<ArmMetric, Double> metrics = new EnumMap<>(ArmMetric.class);
        for (ArmMetric metric : ArmMetric.values()) {
            metrics.put(metric, metric.of(run));
        }
        Map<LossScalar, Scalar> scalars = new EnumMap<>(LossScalar.class);
        for (LossScalar scalar : LossScalar.values()) {
            double start = result.starts().getOrDefault(scalar.shownName(), Double.NaN);
            scalars.put(scalar, new Scalar(start, run.last(step -> step.scalar(scalar))));
        }
        return new ArmFigures(
                result.arm().name(),
                result.arm().loss(),
                result.stopped(),
                metrics,
                scalars,
                PhaseSeconds.of(run.times()::seconds),
                result.evaluations());
    }

    /** NaN if there is no such number. */
    public double get(ArmMetric metric) {
        return metrics.get(metric);
    }

    /** For people. */
    public String text(ArmMetric metric) {
        return metric.unit().format(get(metric));
    }

    /** The newest evaluation of a held-out set. */
    public Optional<Evaluation> last(HeldOut set) {
        return evaluations.stream()
                .filter(evaluation -> evaluation.set() == set)
                .reduce((earlier, later) -> later);
    }
}
