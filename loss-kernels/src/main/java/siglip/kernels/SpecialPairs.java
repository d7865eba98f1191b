package siglip.kernels;

import java.util.Arrays;

/**
 * Finds, tile by tile, the few pairs of a block that are not plain negatives: the positives and the masked. They are found by an
 * index from concept id to text rows, so the work is that of the matches, not of all pairs. An instance belongs to one thread
 * and keeps its arrays from block to block.
 */
final class SpecialPairs {
    private static final int FIRST_FOUND = 64;

    private PairLabels labels = PairLabels.diagonal(0);
    private long[] textsByConcept = new long[0]; // concept id in the high half, text row in the low half, sorted
    private int texts;

    private int[] positives = new int[FIRST_FOUND];
    private int positiveCount;
    private int[] masked = new int[FIRST_FOUND];
    private int maskedCount;
    private int columns;

    /** Turns to another block. */
    void block(PairLabels labels) {
        this.labels = labels;
        if (labels.duplicates() == DuplicatePolicy.IGNORE) {
            return;
        }
        int[] concepts = labels.textConcepts();
        texts = concepts.length;
        if (textsByConcept.length < texts) {
            textsByConcept = new long[texts];
        }
        for (int j = 0; j < texts; j++) {
            textsByConcept[j] = key(concepts[j], j);
        }
        Arrays.sort(textsByConcept, 0, texts);
    }

    private static long key(int concept, int row) {
        return ((long) concept << 32) | row;
    }

    /** Turns to the tile of image rows from {@code row} on and text rows from {@code column} on. */
    void tile(int row, int rows, int column, int columns) {
        this.columns = columns;
        positiveCount = 0;
        maskedCount = 0;
        boolean ignore = labels.duplicates() == DuplicatePolicy.IGNORE;
        for (int i = 0; i < rows; i++) {
            long own = (long) labels.firstImage() + row + i - labels.firstText() - column;
            int first = i * columns;
            if (own >= 0 && own < columns) {
                addPositive(first + (int) own);
            }
            if (!ignore) {
                addDuplicates(labels.imageConcepts()[row + i], column, (int) own, first, first + columns);
            }
        }
    }

    /** The texts of a tile that share a concept id with one image and are not its own. */
    private void addDuplicates(int concept, int column, int own, int first, int end) {
        int found = Arrays.binarySearch(textsByConcept, 0, texts, key(concept, column));
        for (int at = found < 0 ? -found - 1 : found; at < texts; at++) {
            int position = first + (int) (textsByConcept[at] - key(concept, column));
            if (textsByConcept[at] > key(concept, Integer.MAX_VALUE) || position >= end) {
                return;
            }
            if (position != first + own) {
                if (labels.duplicates() == DuplicatePolicy.MASK) {
                    addMasked(position);
                } else {
                    addPositive(position);
                }
            }
        }
    }

    private void addPositive(int position) {
        if (positiveCount == positives.length) {
            positives = Arrays.copyOf(positives, 2 * positiveCount);
        }
        positives[positiveCount++] = position;
    }

    private void addMasked(int position) {
        if (maskedCount == masked.length) {
            masked = Arrays.copyOf(masked, 2 * maskedCount);
        }
        masked[maskedCount++] = position;
    }

    int positiveCount() {
        return positiveCount;
    }

    /** Where positive {@code index} lies in the tile, row-major. */
    int positive(int index) {
        return positives[index];
    }

    int rowOf(int position) {
        return position / columns;
    }

    int columnOf(int position) {
        return position % columns;
    }

    int maskedCount() {
        return maskedCount;
    }

    /** Where masked pair {@code index} lies in the tile, row-major. */
    int masked(int index) {
        return masked[index];
    }

    Footprint footprint() {
        return footprint(textsByConcept.length, positives.length, masked.length);
    }

    /** What it comes to with blocks of a shape. */
    static Footprint footprint(BlockShape shape) {
        int positives = FIRST_FOUND;
        while (positives < shape.tileRows()) {
            positives *= 2;
        }
        int indexed = shape.duplicates() == DuplicatePolicy.IGNORE ? 0 : shape.texts();
        return footprint(indexed, positives, FIRST_FOUND);
    }

    private static Footprint footprint(int texts, int positives, int masked) {
        return new Footprint(0, (long) Long.BYTES * texts + (long) Integer.BYTES * (positives + masked));
    }
}
