package siglip.job.evaluation;

import java.io.Serializable;
import java.util.stream.IntStream;

/**
 * One side of a held-out set, embedded.
 *
 * @param rows {@code count x width} floats of length 1, row by row
 * @param concepts of each row: one, or several of an image whose captions stand for concepts
 * @param width floats of a row
 */
record EmbeddedSide(float[] rows, int[][] concepts, int width) implements Serializable {
    /** Rows of one concept each. */
    EmbeddedSide(float[] rows, int[] concepts, int width) {
        this(
                rows,
                IntStream.of(concepts).mapToObj(concept -> new int[] {concept}).toArray(int[][]::new),
                width);
    }

    int count() {
        return concepts.length;
    }
}
