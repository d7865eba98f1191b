package siglip.job.evaluation;

import java.io.Serializable;
import java.util.Map;

/**
 * One arm on one held-out set at one step.
 *
 * @param arm name of the arm
 * @param step completed steps of training
 * @param set {@code seen} concepts, or {@code unseen}: those left out of training
 * @param imageToText images as queries
 * @param textToImage captions as queries
 * @param classAccuracy for each class column, the share of images nearest to the prototype of their class
 */
public record Evaluation(
        String arm,
        long step,
        String set,
        RetrievalScore imageToText,
        RetrievalScore textToImage,
        Map<String, Double> classAccuracy)
        implements Serializable {}
