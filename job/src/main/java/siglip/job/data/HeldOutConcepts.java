package siglip.job.data;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.roaringbitmap.RoaringBitmap;
import siglip.job.features.PairShape;

/**
 * The concepts of held-out rows, and those of training rows: which held-out rows are of concepts that training has is only known when all rows
 * are read. Takes 8 bytes a held-out text, and at most about 2 a concept.
 */
final class HeldOutConcepts implements Serializable {
    private static final long serialVersionUID = 1L;

    private final Map<PairShape, RoaringBitmap> trained = new HashMap<>(); // by the shape of training rows
    private final Map<String, Entries> heldOut = new HashMap<>(); // by file

    /** Numbers of rows and of their concepts. */
    private static final class Entries implements Serializable {
        private static final long serialVersionUID = 1L;

        private int[] rows = new int[16];
        private int[] concepts = new int[16];
        private int count;

        void add(int row, int concept) {
            if (count == rows.length) {
                rows = Arrays.copyOf(rows, Math.multiplyExact(count, 2));
                concepts = Arrays.copyOf(concepts, rows.length);
            }
            rows[count] = row;
            concepts[count++] = concept;
        }

        void add(Entries other) {
            for (int i = 0; i < other.count; i++) {
                add(other.rows[i], other.concepts[i]);
            }
        }
    }

    /** @param concepts of each text of the row */
    void addTrained(PairShape shape, int... concepts) {
        trained.computeIfAbsent(shape, name -> new RoaringBitmap()).add(concepts);
    }

    /** @param concepts of each text of the row */
    void addHeldOut(String file, int row, int... concepts) {
        Entries entries = heldOut.computeIfAbsent(file, name -> new Entries());
        IntStream.of(concepts).distinct().forEach(concept -> entries.add(row, concept));
    }

    void add(HeldOutConcepts other) {
        other.trained.forEach(
                (shape, more) -> trained.merge(shape, more, (mine, theirs) -> RoaringBitmap.or(mine, theirs)));
        other.heldOut.forEach((file, more) ->
                heldOut.computeIfAbsent(file, name -> new Entries()).add(more));
    }

    /** Whether a concept is in a training row of this shape. */
    IntPredicate trained(PairShape shape) {
        return trained.getOrDefault(shape, new RoaringBitmap())::contains;
    }

    /** The held-out rows of a file with a text whose concept is one of these. */
    RoaringBitmap rows(String file, IntPredicate concepts) {
        RoaringBitmap rows = new RoaringBitmap();
        Entries entries = heldOut.getOrDefault(file, new Entries());
        for (int i = 0; i < entries.count; i++) {
            if (concepts.test(entries.concepts[i])) {
                rows.add(entries.rows[i]);
            }
        }
        return rows;
    }
}
