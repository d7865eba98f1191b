package siglip.job.ring;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.SparseRows;

/**
 * One rank's piece of a parameter or gradient vector, in memory that travels as it is: a few scalars, a slice of the dense
 * vector, and those rows of a slice of the table that a batch touched, ids ascending.
 *
 * <pre>{@code
 * double[SCALARS]  int rows  int (unused)  float[dense]  int[rows] ids  float[rows x width]     little-endian
 * }</pre>
 */
public final class Piece {
    /** Doubles at the head of every piece. */
    public static final int SCALARS = 24;

    private static final int COUNT_AT = SCALARS * Double.BYTES;
    private static final int DENSE_AT = COUNT_AT + 2 * Integer.BYTES;

    private final ByteBuffer bytes;
    private final int dense;
    private final int width;
    private final int capacity;

    /**
     * @param dense floats of the dense slice
     * @param capacity most table rows the piece can hold
     * @param width floats of a table row
     */
    public Piece(int dense, int capacity, int width) {
        long size = bytes(dense, capacity, width);
        if (size > Integer.MAX_VALUE) {
            throw new IllegalArgumentException(
                    "Cannot hold a piece of %d floats and %d table rows of %d: one message holds at most 2 GiB. Train with more ranks"
                            .formatted(dense, capacity, width));
        }
        this.bytes = ByteBuffer.allocateDirect((int) size).order(ByteOrder.LITTLE_ENDIAN);
        this.dense = dense;
        this.width = width;
        this.capacity = capacity;
    }

    /** Bytes of a piece with so many floats of the dense slice and so many table rows: in memory at most, on the wire as filled. */
    public static long bytes(long dense, long rows, int width) {
        return DENSE_AT + Float.BYTES * (dense + rows * (width + 1));
    }

    /** The scalars, sharing memory. */
    public DoubleBuffer scalars() {
        return bytes.slice(0, COUNT_AT).order(ByteOrder.LITTLE_ENDIAN).asDoubleBuffer();
    }

    /** The dense slice, sharing memory. */
    public FloatBuffer dense() {
        return floats(DENSE_AT, dense);
    }

    /** Number of table rows. */
    public int rows() {
        return bytes.getInt(COUNT_AT);
    }

    /** Says how many table rows follow; their ids and values are to be written next. */
    public void rows(int count) {
        if (count < 0 || count > capacity) {
            throw new IllegalArgumentException(
                    "Cannot hold %d table rows: the piece has room for %d".formatted(count, capacity));
        }
        bytes.putInt(COUNT_AT, count);
    }

    /** The ids of the table rows, ascending, sharing memory. */
    public IntBuffer ids() {
        return slice(DENSE_AT + Float.BYTES * dense, rows()).asIntBuffer();
    }

    /** The values of the table rows, rows x width, sharing memory. */
    public FloatBuffer values() {
        return floats(valuesAt(), rows() * width);
    }

    private int valuesAt() {
        return DENSE_AT + Float.BYTES * (dense + rows());
    }

    /** The table rows: their ids copied, their values sharing memory. */
    SparseRows table() {
        int[] copied = new int[rows()];
        ids().get(copied);
        return new SparseRows(copied, Matrix.wrap(slice(valuesAt(), rows() * width), rows(), width));
    }

    /** Checks a piece that has arrived: as many table rows as its length has room for. */
    void verify(ByteBuffer arrived) {
        int count = rows();
        if (count < 0 || count > capacity || arrived.remaining() != length(count)) {
            throw new RingException(
                    Progress.NOBODY,
                    "Cannot use a piece of %d bytes that says it has %d table rows"
                            .formatted(arrived.remaining(), count));
        }
    }

    /** What is filled, for the network. */
    ByteBuffer wire() {
        return slice(0, length(rows()) / Float.BYTES);
    }

    /** All memory, to receive into. */
    ByteBuffer room() {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear();
    }

    private int length(int rows) {
        return DENSE_AT + Float.BYTES * (dense + rows * (width + 1));
    }

    private FloatBuffer floats(int at, int count) {
        return slice(at, count).asFloatBuffer();
    }

    private ByteBuffer slice(int at, int words) {
        return bytes.slice(at, words * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    }
}
