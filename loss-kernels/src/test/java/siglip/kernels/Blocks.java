package siglip.kernels;

import java.util.Random;
import siglip.kernels.blas.Matrix;

/** Data for tests. */
public final class Blocks {
    /** Every random number of the tests comes from it: {@code -Dtest.seed}. */
    public static final long SEED = Long.getLong("test.seed", 1);

    private Blocks() {}

    /** Rows of length 1, as the towers make them. */
    public static Matrix unitRows(int rows, int dim, Random random) {
        Matrix matrix = Matrix.allocate(rows, dim);
        for (int i = 0; i < rows; i++) {
            double[] row = new double[dim];
            double squares = 0;
            for (int k = 0; k < dim; k++) {
                row[k] = random.nextGaussian();
                squares += row[k] * row[k];
            }
            for (int k = 0; k < dim; k++) {
                matrix.set(i, k, (float) (row[k] / Math.sqrt(squares)));
            }
        }
        return matrix;
    }

    /** Concept ids for a batch of n pairs, of which a good share occurs more than once. */
    public static int[] concepts(int n, Random random) {
        int[] concepts = new int[n];
        for (int i = 0; i < n; i++) {
            concepts[i] = random.nextInt(Math.max(1, n)) - n / 3;
        }
        return concepts;
    }

    /** Labels of a whole batch. */
    public static PairLabels batch(int[] concepts, DuplicatePolicy duplicates) {
        return new PairLabels(0, 0, concepts, concepts, duplicates);
    }
}
