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
    private static final double SMALLEST_NORM = 1e-12;

    /** Rows of one concept each. */
    EmbeddedSide(float[] rows, int[] concepts, int width) {
        this(
                rows,
                IntStream.of(concepts).mapToObj(concept -> new int[] {concept}).toArray(int[][]::new),
                width);
    }

    /** Rows less a mean, scaled to length 1 again; a row that is the mean becomes zeros. */
    EmbeddedSide centred(double[] mean) {
        float[] centred = new float[rows.length];
        double[] row = new double[width];
        for (int i = 0; i < rows.length; i += width) {
            double squares = 0;
            for (int k = 0; k < width; k++) {
                row[k] = rows[i + k] - mean[k];
                squares += row[k] * row[k];
            }
            double norm = Math.sqrt(squares);
            for (int k = 0; k < width; k++) {
                centred[i + k] = norm <= SMALLEST_NORM ? 0 : (float) (row[k] / norm);
            }
        }
        return new EmbeddedSide(centred, concepts, width);
    }

    int count() {
        return concepts.length;
    }
}
