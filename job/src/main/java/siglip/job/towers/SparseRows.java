package siglip.job.towers;

import java.util.Arrays;
import siglip.kernels.blas.Matrix;

/** Rows of the hashed table that a batch touched, with their gradients. Reused from step to step; it grows and never shrinks. */
public final class SparseRows {
    private final int width;
    private int[] ids = new int[0];
    private Matrix values;
    private int count;

    /** No rows, of {@code width} floats each. */
    public SparseRows(int width) {
        this.width = width;
        values = Matrix.allocate(0, width);
    }

    public int width() {
        return width;
    }

    /** How many rows are in use. */
    public int count() {
        return count;
    }

    /** Row numbers of the table, ascending, each once; the first {@link #count} are in use. */
    public int[] ids() {
        return ids;
    }

    /** Capacity x width; row i belongs to {@code ids()[i]}. Rows past {@link #count} are stale. */
    public Matrix values() {
        return values;
    }

    public void clear() {
        count = 0;
    }

    /** Makes room for {@code rows} rows; what is in use is kept. */
    public void ensureCapacity(int rows) {
        if (rows <= ids.length) {
            return;
        }
        int capacity = (int) Math.min(Integer.MAX_VALUE / Math.max(1, 4L * width), Math.max(rows, ids.length * 3L / 2));
        Matrix grown = Matrix.allocate(Math.max(rows, capacity), width);
        grown.rows(0, count).copyFrom(values.rows(0, count));
        values = grown;
        ids = Arrays.copyOf(ids, grown.rows());
    }

    /** Declares the first {@code rows} rows in use, after {@link #ids} and {@link #values} were filled. */
    public void setCount(int rows) {
        if (rows < 0 || rows > ids.length) {
            throw new IllegalArgumentException("Cannot use %d rows: there is room for %d".formatted(rows, ids.length));
        }
        count = rows;
    }

    public long bytes() {
        return 4L * values.size() + 4L * ids.length;
    }
}
