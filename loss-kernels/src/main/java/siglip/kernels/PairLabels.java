package siglip.kernels;

import java.util.Arrays;

/**
 * Which pairs of a block are positives. Image row i and text row j are each other's own, a positive, when their positions
 * in the global batch are equal: {@code firstImage + i == firstText + j}. The policy says what other pairs of equal concept
 * id are. Arrays are shared, not copied.
 *
 * @param firstImage position in the global batch of the first image row
 * @param firstText position in the global batch of the first text row
 * @param imageConcepts concept id of each image row
 * @param textConcepts concept id of each text row
 * @param duplicates what a pair of equal concept ids is when it is not an own pair
 */
public record PairLabels(
        int firstImage, int firstText, int[] imageConcepts, int[] textConcepts, DuplicatePolicy duplicates) {

    /** Own pairs on the diagonal of an n x n block, no duplicates. */
    public static PairLabels diagonal(int n) {
        return new PairLabels(0, 0, new int[n], new int[n], DuplicatePolicy.IGNORE);
    }

    /** The labels of image rows {@code from} to {@code from + count - 1} with all texts. */
    public PairLabels images(int from, int count) {
        return new PairLabels(
                firstImage + from,
                firstText,
                Arrays.copyOfRange(imageConcepts, from, from + count),
                textConcepts,
                duplicates);
    }
}
