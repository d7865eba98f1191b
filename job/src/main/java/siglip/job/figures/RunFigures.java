package siglip.job.figures;

import java.time.Instant;
import java.util.Collections;
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
 * What {@code metrics.json} says of a run: every figure of the page, the terminal and the file, computed once.
 *
 * @param name of the run
 * @param started when
 * @param seed of everything random
 * @param ranks tasks of the training stage
 * @param coresPerRank that one rank computes on
 * @param batchSize pairs of the global batch
 * @param steps asked for
 * @param seconds from start to end
 * @param arms in the order of the settings
 * @param nearestNeighbour image to text on raw features, for the sets on which it says something
 * @param data facts about the data
 * @param environment facts about machine and software
 * @param numerics what computed
 * @param incidents what went wrong and was mended, in order
 */
public record RunFigures(
        String name,
        Instant started,
        long seed,
        int ranks,
        int coresPerRank,
        int batchSize,
        long steps,
        double seconds,
        List<ArmFigures> arms,
        Map<HeldOut, RetrievalScore> nearestNeighbour,
        Map<String, String> data,
        Map<String, String> environment,
        Map<String, String> numerics,
        List<String> incidents) {
    public RunFigures {
        arms = List.copyOf(arms);
        nearestNeighbour = Collections.unmodifiableMap(new EnumMap<>(nearestNeighbour));
        incidents = List.copyOf(incidents);
    }

    public static RunFigures of(ComparisonResult result) {
        Settings settings = result.settings();
        boolean concepts = settings.data().columns().concept().isPresent();
        Map<HeldOut, RetrievalScore> yardsticks = new EnumMap<>(HeldOut.class);
        result.nearestNeighbour().forEach((set, score) -> {
            if (isYardstick(set, score, concepts)) {
                yardsticks.put(set, score);
            }
        });
        return new RunFigures(
                settings.run().name(),
                result.started(),
                settings.run().seed(),
                settings.run().ranks(),
                settings.run().coresPerRank(),
                settings.training().batchSize(),
                settings.training().steps(),
                result.took().toMillis() / 1e3,
                result.arms().stream()
                        .map(arm -> ArmFigures.of(arm, settings.training()))
                        .toList(),
                yardsticks,
                result.data(),
                result.environment(),
                result.numerics(),
                result.incidents());
    }

    /** Without a right answer among the training images the score is 0 whatever the features are, and says nothing. */
    private static boolean isYardstick(HeldOut set, RetrievalScore score, boolean concepts) {
        boolean nothingFound = score.values().values().stream().allMatch(share -> share == 0);
        return set != HeldOut.UNSEEN && (concepts || !nothingFound);
    }

    /** The held-out sets that were evaluated, in the order in which they first were. */
    public List<HeldOut> sets() {
        return arms.stream()
                .flatMap(arm -> arm.evaluations().stream())
                .map(Evaluation::set)
                .distinct()
                .toList();
    }

    /** What a model that cannot tell the candidates of a set apart would score, if one of them is right; NaN without candidates. */
    public double chance(HeldOut set, Direction direction, RetrievalMetric metric) {
        return arms.stream()
                .flatMap(arm -> arm.last(set).stream())
                .findFirst()
                .map(evaluation -> metric.chance(evaluation.candidates(direction)))
                .orElse(Double.NaN);
    }
}
