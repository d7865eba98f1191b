package siglip.kernels.blas;

import java.util.Arrays;

/** Some rows of a large matrix, such as those of a table that a batch touched. Filled again and again; it grows and never shrinks. */
public final class SparseRows {
    private int[] ids;
    private Matrix values;
    private int count;

    /** No rows, of {@code width} floats each. */
    public SparseRows(int width) {
        this(new int[0], Matrix.allocate(0, width));
    }

    /**
     * A row for each id; both are shared.
     *
     * @param ids ascending, each once
     */
    public SparseRows(int[] ids, Matrix values) {
        this.ids = ids;
        this.values = values;
        count = ids.length;
    }

    /** How many rows are in use. */
    public int count() {
        return count;
    }

    /** Row numbers of the large matrix, ascending, each once; the first {@link #count} are in use. */
    public int[] ids() {
        return ids;
    }

    /** Capacity x width; row i belongs to {@code ids()[i]}. Rows past {@link #count} are stale. */
    public Matrix values() {
        return values;
    }

    /** Rows {@code from} to {@code to - 1} of those in use; the values are shared. */
    public SparseRows range(int from, int to) {
        return new SparseRows(Arrays.copyOfRange(ids, from, to), values.rows(from, to - from));
    }

    public void clear() {
        count = 0;
    }

    /** Makes room for {@code rows} rows; what is in use is kept. */
    public void ensureCapacity(int rows) {
        if (rows <= ids.length) {
            return;
        }
        int width = values.columns();
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
