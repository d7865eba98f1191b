package siglip.job.ring;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import siglip.kernels.blas.Matrix;

/** Adds up table rows that several ranks touched. */
final class RowMerge {
    private RowMerge() {}

    /** The union of the pieces' rows into {@code sum}; a row that several have is added in the order of the pieces. */
    static void merge(Piece[] pieces, Piece sum, int width) {
        int[][] ids = new int[pieces.length][];
        for (int p = 0; p < pieces.length; p++) {
            ids[p] = new int[pieces[p].rows()];
            pieces[p].ids().get(ids[p]);
        }
        int[] at = new int[pieces.length];
        int count = 0;
        while (smallest(ids, at) != Integer.MAX_VALUE) {
            skip(ids, at, smallest(ids, at));
            count++;
        }
        sum.rows(count);
        IntBuffer outIds = sum.ids();
        FloatBuffer outValues = sum.values();
        FloatBuffer[] values = new FloatBuffer[pieces.length];
        for (int p = 0; p < pieces.length; p++) {
            values[p] = pieces[p].values();
            at[p] = 0;
        }
        float[] row = new float[width];
        float[] more = new float[width];
        for (int i = 0; i < count; i++) {
            int id = smallest(ids, at);
            boolean first = true;
            for (int p = 0; p < pieces.length; p++) {
                if (at[p] < ids[p].length && ids[p][at[p]] == id) {
                    values[p].get(first ? row : more);
                    if (!first) {
                        for (int k = 0; k < width; k++) {
                            row[k] += more[k];
                        }
                    }
                    first = false;
                }
            }
            skip(ids, at, id);
            outIds.put(id);
            outValues.put(row);
        }
    }

    private static int smallest(int[][] ids, int[] at) {
        int smallest = Integer.MAX_VALUE;
        for (int p = 0; p < ids.length; p++) {
            if (at[p] < ids[p].length) {
                smallest = Math.min(smallest, ids[p][at[p]]);
            }
        }
        return smallest;
    }

    private static void skip(int[][] ids, int[] at, int id) {
        for (int p = 0; p < ids.length; p++) {
            if (at[p] < ids[p].length && ids[p][at[p]] == id) {
                at[p]++;
            }
        }
    }

    /** Writes a piece's rows over those of a table. */
    static void scatter(Piece piece, Matrix table) {
        IntBuffer ids = piece.ids();
        FloatBuffer values = piece.values();
        FloatBuffer rows = table.floats();
        int width = table.columns();
        while (ids.hasRemaining()) {
            int at = ids.get() * width;
            rows.put(at, values, values.position(), width);
            values.position(values.position() + width);
        }
    }
}
