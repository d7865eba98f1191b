package siglip.job.evaluation;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * What queries found, for metrics that are made of it, by expectation over the orders that ties leave open. Similarities closer than
 * {@link #TIE} count as equal: for rows of length 1 that is a few roundings, which differ from processor to processor.
 *
 * <p>Not a number is never nearer than anything: a query whose right candidates all are is not found.
 */
final class Hits implements Serializable {
    static final float TIE = 1e-6f;
    private static final long serialVersionUID = 1L;

    /**
     * What one query found.
     *
     * @param nearer wrong candidates nearer than the nearest right one
     * @param tiedWrong wrong candidates level with it
     * @param tiedRight right candidates level with it, itself among them; 0 if the query has none
     * @param right right candidates in all
     */
    record Query(int nearer, int tiedWrong, int tiedRight, int right) implements Serializable {}

    private final List<List<Query>> parts = new ArrayList<>(List.of(new ArrayList<>()));

    /**
     * One query.
     *
     * @param similarity to each candidate
     * @param right candidates that are right, each once
     */
    void add(float[] similarity, int... right) {
        float best = Float.NEGATIVE_INFINITY;
        for (int j : right) {
            if (similarity[j] > best) {
                best = similarity[j];
            }
        }
        float above = best + TIE;
        float below = best - TIE;
        int tiedRight = 0;
        for (int j : right) {
            tiedRight += similarity[j] >= below ? 1 : 0;
        }
        int nearer = 0;
        int tied = 0;
        for (float each : similarity) {
            nearer += each > above ? 1 : 0;
            tied += each >= below ? 1 : 0;
        }
        int tiedWrong = tied - nearer - tiedRight;
        add(new Query(nearer, tiedWrong, best == Float.NEGATIVE_INFINITY ? 0 : tiedRight, right.length));
    }

    void add(Query query) {
        parts.get(0).add(query);
    }

    /** Chance that a right one is among the first {@code places} of wrong and right ones in random order: one minus a hypergeometric term. */
    static double chance(int places, int wrong, int right) {
        if (places <= 0 || right == 0) {
            return 0;
        }
        double miss = 1;
        for (int i = 0; i < places && miss > 0; i++) {
            miss *= Math.max(0, wrong - i) / (double) (wrong + right - i);
        }
        return 1 - miss;
    }

    /** The queries of another part of the search. */
    void add(Hits others) {
        parts.addAll(others.parts);
    }

    int count() {
        return parts.stream().mapToInt(List::size).sum();
    }

    /** All queries, by parts of the search. */
    List<List<Query>> parts() {
        return parts;
    }

    /** For each query, the chance that the first that it finds is right. */
    double[] first() {
        return parts.stream()
                .flatMap(List::stream)
                .mapToDouble(query -> chance(1 - query.nearer(), query.tiedWrong(), query.tiedRight()))
                .toArray();
    }

    RetrievalScore score() {
        return RetrievalScore.of(
                count(),
                rights(),
                Stream.of(RetrievalMetric.values())
                        .mapToDouble(metric -> metric.of(this))
                        .toArray());
    }

    /** How many queries have so many right candidates. */
    private Map<Integer, Integer> rights() {
        Map<Integer, Integer> rights = new TreeMap<>();
        for (List<Query> part : parts) {
            part.forEach(query -> rights.merge(query.right(), 1, Integer::sum));
        }
        return rights;
    }
}
