package siglip.job.evaluation;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A figure of a search, as a mean over its queries. A constant here is all that a new one takes: scores, files, tables and plots go
 * through {@link #values}.
 */
public enum RetrievalMetric {
    /** Recall at 1: the share of queries whose nearest candidate is right. */
    R1(1),
    R5(5),
    R10(10);

    private final int places;

    RetrievalMetric(int places) {
        this.places = places;
    }

    /** Its name in JSON. */
    @JsonValue
    public String key() {
        return "r" + places;
    }

    /** Its name for people. */
    public String label() {
        return "R@" + places;
    }

    /** The names of all, for figures that stand side by side: {@code R@1 / 5 / 10}. */
    public static String labels(String between) {
        return Stream.of(values())
                .map(metric -> String.valueOf(metric.places))
                .collect(Collectors.joining(between, "R@", ""));
    }

    /**
     * What one query counts, by expectation over the orders that ties leave open.
     *
     * @param nearer wrong candidates nearer than the nearest right one
     * @param tiedWrong wrong candidates level with it
     * @param tiedRight right candidates level with it, itself among them; 0 if the query has none
     */
    double ofQuery(int nearer, int tiedWrong, int tiedRight) {
        return Hits.chance(places - nearer, tiedWrong, tiedRight);
    }

    /** What a model that cannot tell the candidates apart would score, if one of them is right; NaN without candidates. */
    public double chance(int candidates) {
        return candidates > 0 ? Math.min(1, (double) places / candidates) : Double.NaN;
    }
}
