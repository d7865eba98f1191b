package siglip.job.figures;

import java.util.EnumMap;
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
 * @param nearestNeighbour image to text on raw features, for the sets on which it says something
 */
public record RunFigures(
        ComparisonResult result, List<ArmFigures> arms, Map<HeldOut, RetrievalScore> nearestNeighbour) {
    public static RunFigures of(ComparisonResult result) {
        Settings settings = result.settings();
        boolean concepts = settings.data().columns().concept().isPresent();
        Map<HeldOut, RetrievalScore> yardsticks = new EnumMap<>(HeldOut.class);
        yardsticks.putAll(result.nearestNeighbour());
        yardsticks.entrySet().removeIf(each -> !isYardstick(each.getKey(), each.getValue(), concepts));
        return new RunFigures(
                result,
                result.arms().stream()
                        .map(arm -> ArmFigures.of(arm, settings.training()))
                        .toList(),
                yardsticks);
    }

    public Settings settings() {
        return result.settings();
    }

    /** From start to end. */
    public double seconds() {
        return result.took().toMillis() / 1e3;
    }

    /** Without a right answer among the training images the score is 0 whatever the features are, and says nothing. */
    private static boolean isYardstick(HeldOut set, RetrievalScore score, boolean concepts) {
        return set != HeldOut.UNSEEN && (concepts || !score.nothingFound());
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
