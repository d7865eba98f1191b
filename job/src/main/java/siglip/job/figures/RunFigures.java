package siglip.job.figures;

import java.util.List;
import java.util.Map;
import siglip.job.comparison.ComparisonResult;
import siglip.job.config.Settings;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.evaluation.RetrievalScore;

/**
 * Every figure of the page, the terminal and {@code metrics.json}, computed once.
 *
 * @param result what the figures are of
 * @param arms in the order of the settings
 */
public record RunFigures(ComparisonResult result, List<ArmFigures> arms) {
    public static RunFigures of(ComparisonResult result) {
        Settings settings = result.settings();
        return new RunFigures(
                result,
                result.arms().stream()
                        .map(arm -> ArmFigures.of(arm, settings.training()))
                        .toList());
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
