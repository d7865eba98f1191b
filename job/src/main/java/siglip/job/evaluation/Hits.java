package siglip.job.evaluation;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Adds up the metrics of queries, by expectation over the orders that ties leave open. Similarities closer than
 * {@link #TIE} count as equal: for rows of length 1 that is a few roundings, which differ from processor to processor.
 *
 * <p>Not a number is never nearer than anything: a query whose right candidates all are is not found.
 */
final class Hits implements Serializable {
    static final float TIE = 1e-6f;
    private static final long serialVersionUID = 1L;
    private static final RetrievalMetric[] METRICS = RetrievalMetric.values();

    private int queries;
    private final double[] sums = new double[METRICS.length];

    /**
     * One query.
     *
     * @param similarity to each candidate
     * @param concepts of the candidates
     * @param right the query's concept
     */
    void add(float[] similarity, int[] concepts, int right) {
        int count = concepts.length;
        float best = Float.NEGATIVE_INFINITY;
        for (int j = 0; j < count; j++) {
            if (concepts[j] == right && similarity[j] > best) {
                best = similarity[j];
            }
        }
        int nearer = 0;
        int tiedWrong = 0;
        int tiedRight = 0;
        float above = best + TIE;
        float below = best - TIE;
        for (int j = 0; j < count; j++) {
            if (similarity[j] >= below) {
                if (concepts[j] == right) {
                    tiedRight++;
                } else if (similarity[j] > above) {
                    nearer++;
                } else {
                    tiedWrong++;
                }
            }
        }
        add(nearer, tiedWrong, best == Float.NEGATIVE_INFINITY ? 0 : tiedRight);
    }

    /** One query with so many wrong candidates nearer than the best right one, and so many of both kinds level with it. */
    void add(int nearer, int tiedWrong, int tiedRight) {
        queries++;
        for (RetrievalMetric metric : METRICS) {
            sums[metric.ordinal()] += metric.ofQuery(nearer, tiedWrong, tiedRight);
        }
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
        queries += others.queries;
        for (int m = 0; m < sums.length; m++) {
            sums[m] += others.sums[m];
        }
    }

    RetrievalScore score() {
        double n = Math.max(1, queries);
        return RetrievalScore.of(
                queries, Arrays.stream(sums).map(sum -> sum / n).toArray());
    }
}
