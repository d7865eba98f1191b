package siglip.job.evaluation;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import siglip.job.data.Original;
import siglip.job.data.PairData.HeldOut;
import siglip.job.data.Place;

/**
 * What the arms find for a few queries of a held-out set.
 *
 * @param queries by direction and outcome
 * @param originals of all rows that are named
 */
public record Gallery(HeldOut set, List<Query> queries, Map<Place, Original> originals) {
    /** How the arms did on a query: whether what they find first is right. */
    public enum Outcome {
        ALL_RIGHT,
        SOME_RIGHT,
        NONE_RIGHT
    }

    /**
     * One query.
     *
     * @param item what searches
     * @param found by each arm, the nearest first
     */
    public record Query(Direction direction, Outcome outcome, Item item, Map<String, List<Found>> found) {}

    /**
     * An image or a caption of the held-out set.
     *
     * @param caption which of the row's captions, from 0, among those that can be used
     */
    public record Item(Place row, int caption) {}

    /**
     * A candidate that was found.
     *
     * @param right whether it is of the query's concept
     */
    public record Found(Item item, boolean right) {}

    /** Before its rows have been read. */
    static Gallery of(HeldOut set, List<Query> queries) {
        return new Gallery(set, queries, Map.of());
    }

    /** All rows that are named, each once. */
    public Collection<Place> rows() {
        TreeSet<Place> rows = new TreeSet<>();
        for (Query query : queries) {
            rows.add(query.item().row());
            query.found()
                    .values()
                    .forEach(found -> found.forEach(each -> rows.add(each.item().row())));
        }
        return rows;
    }

    public Gallery with(Map<Place, Original> read) {
        return new Gallery(set, queries, Map.copyOf(read));
    }
}
