package siglip.job.evaluation;

import com.fasterxml.jackson.annotation.JsonValue;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import siglip.job.files.Unit;

/**
 * A figure of a search. A constant here is all that a new one takes, and it overrides what makes it differ from a recall: scores, files,
 * tables and plots ask the constants.
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

    /** The beginning of its name for people, which metrics have in common that are written side by side. */
    String family() {
        return "R@";
    }

    /** The rest of its name for people; empty for one that stands alone. */
    String member() {
        return String.valueOf(places);
    }

    /** Its name for people: {@code R@5}. */
    public String label() {
        return family() + member();
    }

    /** What it says, with others of its family, of images that search captions. */
    String meaning(String queries) {
        return "Share of %s whose right caption is the first, among the first 5, the first 10.".formatted(queries);
    }

    public Unit unit() {
        return Unit.SHARE;
    }

    /** What an axis of a plot counts, in {@link #unit}. */
    public String axis() {
        return "% of queries";
    }

    /** Its value for a search. */
    double of(Hits hits) {
        return mean(hits, query -> Hits.chance(places - query.nearer(), query.tiedWrong(), query.tiedRight()));
    }

    /**
     * What a model that cannot tell the candidates apart would score, as a mean over the queries; NaN without candidates or queries.
     *
     * @param rights how many queries have so many right candidates
     */
    double chance(int candidates, Map<Integer, Integer> rights) {
        long queries = rights.values().stream().mapToLong(Integer::longValue).sum();
        double chance = 0;
        for (Map.Entry<Integer, Integer> each : rights.entrySet()) {
            double share = (double) each.getValue() / queries;
            chance += share * chance(candidates, each.getKey());
        }
        return candidates > 0 && queries > 0 ? chance : Double.NaN;
    }

    private double chance(int candidates, int right) {
        return right == 1 ? Math.min(1, (double) places / candidates) : Hits.chance(places, candidates - right, right);
    }

    /** The mean of what each query counts. It is added up part by part. */
    private static double mean(Hits hits, ToDoubleFunction<Hits.Query> ofQuery) {
        double sum = 0;
        for (List<Hits.Query> part : hits.parts()) {
            double ofPart = 0;
            for (Hits.Query query : part) {
                ofPart += ofQuery.applyAsDouble(query);
            }
            sum += ofPart;
        }
        return sum / Math.max(1, hits.count());
    }
}
