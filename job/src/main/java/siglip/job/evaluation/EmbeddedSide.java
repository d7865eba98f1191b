package siglip.job.evaluation;

import java.io.Serializable;

/**
 * One side of a held-out set, embedded.
 *
 * @param rows {@code count x width} floats of length 1, row by row
 * @param concepts of each row
 * @param width floats of a row
 */
record EmbeddedSide(float[] rows, int[] concepts, int width) implements Serializable {
    int count() {
        return concepts.length;
    }
}
