package siglip.job.ring;

import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.util.Arrays;
import java.util.List;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.SparseRows;

/** Adds up table rows that several ranks, or cores of a rank, touched. */
final class RowMerge {
    private RowMerge() {}

    /** The union of the parts' rows into {@code sum}; a row that several have is added in the order of the parts. */
    static void merge(List<SparseRows> parts, Piece sum, int width) {
        int[] at = new int[parts.size()];
        int count = 0;
        while (smallest(parts, at) != Integer.MAX_VALUE) {
            skip(parts, at, smallest(parts, at));
            count++;
        }
        sum.rows(count);
        IntBuffer ids = sum.ids();
        FloatBuffer values = sum.values();
        FloatBuffer[] from = parts.stream().map(part -> part.values().floats()).toArray(FloatBuffer[]::new);
        Arrays.fill(at, 0);
        float[] row = new float[width];
        float[] more = new float[width];
        for (int i = 0; i < count; i++) {
            int id = smallest(parts, at);
            boolean first = true;
            for (int p = 0; p < at.length; p++) {
                if (has(parts.get(p), at[p], id)) {
                    from[p].get(first ? row : more);
                    if (!first) {
                        for (int k = 0; k < width; k++) {
                            row[k] += more[k];
                        }
                    }
                    first = false;
                }
            }
            skip(parts, at, id);
            ids.put(id);
            values.put(row);
        }
    }

    private static boolean has(SparseRows part, int at, int id) {
        return at < part.count() && part.ids()[at] == id;
    }

    private static int smallest(List<SparseRows> parts, int[] at) {
        int smallest = Integer.MAX_VALUE;
        for (int p = 0; p < at.length; p++) {
            if (at[p] < parts.get(p).count()) {
                smallest = Math.min(smallest, parts.get(p).ids()[at[p]]);
            }
        }
        return smallest;
    }

    private static void skip(List<SparseRows> parts, int[] at, int id) {
        for (int p = 0; p < at.length; p++) {
            if (has(parts.get(p), at[p], id)) {
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
