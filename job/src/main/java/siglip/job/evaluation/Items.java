package siglip.job.evaluation;

/**
 * One side of a search.
 *
 * @param rows {@code count x width} floats of length 1, row by row
 * @param concepts of each row
 * @param width floats of a row
 */
record Items(float[] rows, int[] concepts, int width) {
    int count() {
        return concepts.length;
    }
}
