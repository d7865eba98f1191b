package siglip.job.evaluation;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Which candidates of a search are right for a query: those that share a concept with it. An image of several captions may have several concepts
 * where captions stand for them; the other side then has one each, so that no candidate is right by two.
 */
final class ConceptIndex implements Serializable {
    private static final long serialVersionUID = 1L;

    private final long[] sorted; // concept in the upper half, candidate in the lower

    private ConceptIndex(long[] sorted) {
        this.sorted = sorted;
    }

    /** @param concepts of each candidate */
    static ConceptIndex of(int[][] concepts) {
        long[] entries =
                new long[Arrays.stream(concepts).mapToInt(each -> each.length).sum()];
        int at = 0;
        for (int j = 0; j < concepts.length; j++) {
            for (int concept : concepts[j]) {
                entries[at++] = ((long) concept << 32) | j;
            }
        }
        Arrays.sort(entries);
        return new ConceptIndex(entries);
    }

    /** The candidates that have one of these concepts. */
    int[] right(int... concepts) {
        int count = 0;
        int[] right = new int[4];
        for (int concept : concepts) {
            long first = (long) concept << 32;
            int at = Arrays.binarySearch(sorted, first);
            for (int i = at < 0 ? -at - 1 : at; i < sorted.length && (int) (sorted[i] >> 32) == concept; i++) {
                if (count == right.length) {
                    right = Arrays.copyOf(right, 2 * count);
                }
                right[count++] = (int) sorted[i];
            }
        }
        return Arrays.copyOf(right, count);
    }
}
