package siglip.job.data;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import siglip.job.batches.PackedPairs;

/**
 * Held-out pairs on the driver, in the order of their ids. Their features are scaled with the statistics of the training set.
 *
 * @param pairs features, description tokens and concept ids, which are those of the training set: equal for equal concepts
 * @param places where each row lies
 * @param classes value of each class column, by column name and row; empty where a row has none
 */
public record EvaluationRows(PackedPairs pairs, List<Place> places, Map<String, List<String>> classes) {
    public EvaluationRows {
        places = List.copyOf(places);
        classes = Collections.unmodifiableMap(new LinkedHashMap<>(classes)); // in the order of the settings
    }

    public int size() {
        return pairs.rows();
    }
}
