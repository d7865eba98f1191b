package siglip.job.figures;

import java.util.ArrayList;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.TreeMap;
import java.util.stream.Collectors;
import siglip.job.comparison.ComparisonResult;
import siglip.job.config.Settings;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.files.Unit;

/**
 * Every figure of the page, the terminal and {@code metrics.json}, computed once.
 *
 * @param result what the figures are of
 * @param arms in the order of the settings
 */
public record RunFigures(ComparisonResult result, List<ArmFigures> arms) {
    /** Median gradient norms that differ by no more than this factor are clipped alike by one number. */
    private static final double CLIPPED_ALIKE = 2;

    public static RunFigures of(ComparisonResult result) {
        Settings settings = result.settings();
        return new RunFigures(
                result,
                result.arms().stream().map(arm -> ArmFigures.of(arm, settings)).toList());
    }

    public Settings settings() {
        return result.settings();
    }

    /** From start to end. */
    public double seconds() {
        return result.took().toMillis() / 1e3;
    }

    /** Image to text on raw features, for sets on which that can succeed. */
    public Map<HeldOut, RetrievalScore> nearestNeighbour() {
        return result.nearestNeighbour();
    }

    /** What to know of arms that one clipping norm serves although their gradients differ in size, if there are such. */
    public Optional<String> clipping() {
        Map<Double, List<ArmFigures>> byLimit = new TreeMap<>();
        for (ArmFigures arm : arms) {
            OptionalDouble limit = arm.result().arm().optimizer().clipNorm();
            if (limit.isPresent() && arm.get(ArmMetric.TOWER_NORM) > 0) {
                byLimit.computeIfAbsent(limit.getAsDouble(), norm -> new ArrayList<>())
                        .add(arm);
            }
        }
        String unlike = byLimit.entrySet().stream()
                .filter(each -> spread(each.getValue()) > CLIPPED_ALIKE)
                .map(each -> "a clip-norm of %s serves arms whose gradient norms differ %s by their medians: %s"
                        .formatted(
                                Unit.NUMBER.format(each.getKey()),
                                Unit.TIMES.format(spread(each.getValue())),
                                each.getValue().stream()
                                        .map(arm -> "%s has %s and was clipped in %s of %s steps"
                                                .formatted(
                                                        arm.name(),
                                                        arm.text(ArmMetric.TOWER_NORM),
                                                        arm.text(ArmMetric.CLIPPED_STEPS),
                                                        arm.text(ArmMetric.COMPLETED_STEPS)))
                                        .collect(Collectors.joining(", "))))
                .collect(Collectors.joining("; "));
        return unlike.isEmpty()
                ? Optional.empty()
                : Optional.of(unlike + ". An arm may have its own training.clip-norm");
    }

    private static double spread(List<ArmFigures> arms) {
        DoubleSummaryStatistics norms =
                arms.stream().mapToDouble(arm -> arm.get(ArmMetric.TOWER_NORM)).summaryStatistics();
        return norms.getMax() / norms.getMin();
    }

    /** The held-out sets that were evaluated, in the order in which they first were. */
    public List<HeldOut> sets() {
        return arms.stream()
                .flatMap(arm -> arm.evaluations().stream())
                .map(Evaluation::set)
                .distinct()
                .toList();
    }

    /** What a model that cannot tell the candidates of a set apart would score; NaN without candidates. */
    public double chance(HeldOut set, Direction direction, RetrievalMetric metric) {
        return arms.stream()
                .flatMap(arm -> arm.newest(set).stream())
                .findFirst()
                .map(evaluation -> evaluation.chance(direction, metric))
                .orElse(Double.NaN);
    }
}
