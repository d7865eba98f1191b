package siglip.job.evaluation;

import java.io.Serializable;
import java.util.Map;
import siglip.job.data.PairData.HeldOut;

/**
 * One arm on one held-out set at one step.
 *
 * @param arm name of the arm
 * @param step completed steps of training
 * @param set that was searched
 * @param imageToText images as queries
 * @param textToImage captions as queries
 * @param classAccuracy for each class column, the share of images nearest to the prototype of their class
 */
public record Evaluation(
        String arm,
        long step,
        HeldOut set,
        RetrievalScore imageToText,
        RetrievalScore textToImage,
        Map<String, Double> classAccuracy)
        implements Serializable {

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
