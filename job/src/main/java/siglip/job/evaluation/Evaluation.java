package siglip.job.evaluation;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import siglip.job.data.PairData.HeldOut;
import siglip.job.stability.PairFigure;

/**
 * One arm on one held-out set at one step.
 *
 * @param arm name of the arm
 * @param step completed steps of training
 * @param set that was searched
 * @param imageToText images as queries
 * @param textToImage captions as queries
 * @param classAccuracy for each class column, the share of images nearest to the prototype of their class
 * @param pairs geometry of some of its pairs, see {@link PairFigure}; without what there is not
 * @param trainingPairs the same of as many training pairs, where there are so many
 * @param differences from the arms that were evaluated before this one, in each direction
 */
public record Evaluation(
        String arm,
        long step,
        HeldOut set,
        RetrievalScore imageToText,
        RetrievalScore textToImage,
        Map<String, Double> classAccuracy,
        Map<PairFigure, Double> pairs,
        Map<PairFigure, Double> trainingPairs,
        List<PairedDifference> differences)
        implements Serializable {
    public Evaluation {
        pairs = pairs == null ? Map.of() : Map.copyOf(pairs);
        trainingPairs = trainingPairs == null ? Map.of() : Map.copyOf(trainingPairs);
        differences = differences == null
                ? List.of()
                : List.copyOf(differences); // programs before this did not write these three
    }

    /** How R@1 differs from that of an arm that was evaluated before this one; empty of any other. */
    public Optional<PairedDifference> from(String other, Direction direction) {
        return differences.stream()
                .filter(difference -> difference.arm().equals(other) && difference.direction() == direction)
                .findFirst();
    }

    public RetrievalScore score(Direction direction) {
        return direction == Direction.IMAGE_TO_TEXT ? imageToText : textToImage;
    }

    /** What a model that cannot tell the candidates apart would score in this direction; NaN without candidates. */
    public double chance(Direction direction, RetrievalMetric metric) {
        return metric.chance(candidates(direction), score(direction).rights());
    }

    /** How many candidates a search in this direction has: as many as the other has queries. */
    public int candidates(Direction direction) {
        return direction == Direction.IMAGE_TO_TEXT ? textToImage.queries() : imageToText.queries();
    }
}
