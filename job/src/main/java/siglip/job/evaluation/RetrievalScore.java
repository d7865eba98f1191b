package siglip.job.evaluation;

import java.io.Serializable;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import siglip.job.stability.Statistics;

/**
 * One search within a held-out set. Every candidate of the right concept is right. Ties count by their expected rank, so a collapsed
 * model scores k/N.
 *
 * @param queries number of queries
 * @param rights how many queries have so many right candidates
 * @param values of every metric, in its unit
 */
public record RetrievalScore(int queries, Map<Integer, Integer> rights, Map<RetrievalMetric, Double> values)
        implements Serializable {
    public RetrievalScore {
        rights = rights == null // in a score of a program that did not count them
                ? Map.of(1, queries)
                : Collections.unmodifiableMap(new TreeMap<>(rights));
        values = Collections.unmodifiableMap(new EnumMap<>(values));
    }

    /**
     * Of queries with one right candidate each.
     *
     * @param values in the order of the metrics
     */
    public static RetrievalScore of(int queries, double... values) {
        return of(queries, Map.of(1, queries), values);
    }

    static RetrievalScore of(int queries, Map<Integer, Integer> rights, double... values) {
        Map<RetrievalMetric, Double> byMetric = new EnumMap<>(RetrievalMetric.class);
        for (RetrievalMetric metric : RetrievalMetric.values()) {
            byMetric.put(metric, values[metric.ordinal()]);
        }
        return new RetrievalScore(queries, rights, byMetric);
    }

    /** NaN in a score of a program that did not have the metric. */
    public double get(RetrievalMetric metric) {
        return values.getOrDefault(metric, Double.NaN);
    }

    /** Of R@1, over the queries; says nothing about other seeds. NaN without queries. */
    public double standardError() {
        return Statistics.standardError(get(RetrievalMetric.R1), queries);
    }
}
