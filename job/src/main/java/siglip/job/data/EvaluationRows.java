package siglip.job.data;

import java.util.List;
import java.util.Map;
import siglip.job.batches.PackedPairs;

/**
 * Held-out pairs on the driver, in the order of their ids. Their features are scaled with the statistics of the training set.
 *
 * @param ids within the held-out set
 * @param pairs features, description tokens and concept ids, which are those of the training set: equal for equal concepts
 * @param concepts in words; empty strings where pairs have none
 * @param classes value of each class column, by column name and row
 */
public record EvaluationRows(long[] ids, PackedPairs pairs, List<String> concepts, Map<String, List<String>> classes) {
    public EvaluationRows {
        concepts = List.copyOf(concepts);
        classes = Map.copyOf(classes);
    }

    public int size() {
        return ids.length;
    }
}
