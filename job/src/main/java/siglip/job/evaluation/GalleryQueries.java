package siglip.job.evaluation;

import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import siglip.job.evaluation.Gallery.Found;
import siglip.job.evaluation.Gallery.Item;
import siglip.job.evaluation.Gallery.Outcome;
import siglip.job.evaluation.Gallery.Query;
import siglip.job.order.EpochOrder;

/**
 * Chooses queries for the gallery: in an order drawn with a seed, the first {@value #EACH} of each outcome, among the first
 * {@value #TRIED}.
 */
public final class GalleryQueries {
    /** Queries of each outcome. */
    public static final int EACH = 2;

    /** What is shown of that which a query finds. */
    public static final int NEAREST = 5;

    private static final int TRIED = 1000;

    private GalleryQueries() {}

    /**
     * One side of the held-out set searched with the other by one arm.
     *
     * @param queries embedded
     */
    record Side(EmbeddedSide queries, CandidateBlocks candidates) {}

    /**
     * @param arms by their names; all have the same queries and candidates
     * @param queries the image or caption of each query
     * @param candidates the image or caption of each candidate
     */
    static List<Query> choose(
            Direction direction, Map<String, Side> arms, List<Item> queries, List<Item> candidates, long seed) {
        Map<Outcome, List<Query>> chosen = new EnumMap<>(Outcome.class);
        for (Outcome outcome : Outcome.values()) {
            chosen.put(outcome, new ArrayList<>());
        }
        if (queries.isEmpty() || candidates.isEmpty()) {
            return List.of();
        }
        EpochOrder order = new EpochOrder(seed, direction.ordinal(), queries.size());
        for (int i = 0; i < Math.min(TRIED, queries.size()); i++) {
            int query = (int) order.idAt(i);
            Map<String, List<Found>> found = new LinkedHashMap<>();
            arms.forEach((arm, side) -> found.put(arm, nearest(side, query, candidates)));
            Outcome outcome = outcome(found);
            List<Query> alike = chosen.get(outcome);
            if (alike.size() < EACH) {
                alike.add(new Query(direction, outcome, queries.get(query), found));
            }
            if (chosen.values().stream().allMatch(each -> each.size() == EACH)) {
                break;
            }
        }
        return chosen.values().stream().flatMap(List::stream).toList();
    }

    /** The candidates most similar to a query, of equal ones the first. */
    private static List<Found> nearest(Side side, int query, List<Item> candidates) {
        float[][] similarity = new float[1][side.candidates().count()];
        side.candidates().similarities(side.queries().rows(), query, 1, similarity);
        Set<Integer> right = IntStream.of(side.candidates().right(side.queries().concepts()[query]))
                .boxed()
                .collect(Collectors.toSet());
        return IntStream.range(0, candidates.size())
                .boxed()
                .sorted((a, b) -> Float.compare(value(similarity[0][b]), value(similarity[0][a])))
                .limit(NEAREST)
                .map(j -> new Found(candidates.get(j), right.contains(j)))
                .toList();
    }

    /** Not a number is never nearer than anything. */
    private static float value(float similarity) {
        return Float.isNaN(similarity) ? Float.NEGATIVE_INFINITY : similarity;
    }

    private static Outcome outcome(Map<String, List<Found>> found) {
        long right = found.values().stream().filter(each -> each.get(0).right()).count();
        return right == 0 ? Outcome.NONE_RIGHT : right == found.size() ? Outcome.ALL_RIGHT : Outcome.SOME_RIGHT;
    }
}
