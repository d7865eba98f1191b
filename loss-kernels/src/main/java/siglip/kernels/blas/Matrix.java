package siglip.kernels.blas;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;

/**
 * An off-heap matrix of {@code float}, row-major and dense, whose memory a native product and the network can both use
 * without a copy. Views share the memory of the matrix they were taken from. Not safe for concurrent writes.
 */
public final class Matrix implements Operand {
    /** Rows of allocated matrices start on a cache line wherever their width allows. */
    private static final int ALIGNMENT = 64;

    /** Most floats of a matrix: they lie in one buffer, which holds less than 2 GiB. */
    public static final int MOST_FLOATS = (Integer.MAX_VALUE - 2 * ALIGNMENT) / Float.BYTES;

    private static final long UNKNOWN = 0;

    private static final float[] ZEROS = new float[4096]; // never written

    private final ByteBuffer bytes; // little-endian, position 0, limit = rows * columns * 4
    private final int rows;
    private final int columns;
    private long
            address; // of the first float; asked for lazily, because the plain Java products need no native library

    private Matrix(ByteBuffer bytes, int rows, int columns, long address) {
        this.bytes = bytes;
        this.rows = rows;
        this.columns = columns;
        this.address = address;
    }

    /** A matrix of zeros. */
    public static Matrix allocate(int rows, int columns) {
        long size = (long) rows * columns * Float.BYTES;
        if (rows < 0 || columns < 0 || size / Float.BYTES > MOST_FLOATS) {
            throw new IllegalArgumentException(
                    "Cannot allocate a matrix of %d x %d floats: one buffer holds less than 2 GiB"
                            .formatted(rows, columns));
        }
        int padded = (int) (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        return wrap(ByteBuffer.allocateDirect(padded + ALIGNMENT).alignedSlice(ALIGNMENT), rows, columns);
    }

    /** The first {@code rows * columns} floats of a direct buffer as a matrix; the memory is shared. */
    public static Matrix wrap(ByteBuffer direct, int rows, int columns) {
        long size = (long) rows * columns * Float.BYTES;
        if (rows < 0 || columns < 0 || !direct.isDirect() || direct.capacity() < size) {
            throw new IllegalArgumentException("Cannot wrap a buffer of %d bytes (direct: %s) as %d x %d floats"
                    .formatted(direct.capacity(), direct.isDirect(), rows, columns));
        }
        ByteBuffer whole = direct.duplicate().clear().limit((int) size);
        return new Matrix(whole.slice().order(ByteOrder.LITTLE_ENDIAN), rows, columns, UNKNOWN);
    }

    public int rows() {
        return rows;
    }

    public int columns() {
        return columns;
    }

    public int size() {
        return rows * columns;
    }

    @Override
    public Matrix matrix() {
        return this;
    }

    @Override
    public long roundedBytes() {
        return 0;
    }

    @Override
    public Matrix rows(int from, int count) {
        return range(from * columns, count, columns);
    }

    /** {@code rows * columns} floats from float {@code offset} on as a matrix of another shape, sharing memory. */
    public Matrix range(int offset, int rows, int columns) {
        if (offset < 0 || rows < 0 || columns < 0 || (long) offset + (long) rows * columns > size()) {
            throw new IndexOutOfBoundsException("Cannot view %d x %d floats from %d in a matrix of %d x %d"
                    .formatted(rows, columns, offset, this.rows, this.columns));
        }
        ByteBuffer part = bytes.slice(offset * Float.BYTES, rows * columns * Float.BYTES);
        long partAddress = address == UNKNOWN ? UNKNOWN : address + (long) offset * Float.BYTES;
        return new Matrix(part.order(ByteOrder.LITTLE_ENDIAN), rows, columns, partAddress);
    }

    /** The memory, as bytes for the network: little-endian, position 0. Each call gives its own position and limit. */
    public ByteBuffer bytes() {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN);
    }

    /** The memory as floats, position 0. Each call gives its own position and limit. */
    public FloatBuffer floats() {
        return bytes.asFloatBuffer();
    }

    public float get(int row, int column) {
        return bytes.getFloat((row * columns + column) * Float.BYTES);
    }

    public void set(int row, int column, float value) {
        bytes.putFloat((row * columns + column) * Float.BYTES, value);
    }

    /** Float {@code offset} of all, row-major. */
    public float get(int offset) {
        return bytes.getFloat(offset * Float.BYTES);
    }

    /** Writes over float {@code offset} of all, row-major. */
    public void set(int offset, float value) {
        bytes.putFloat(offset * Float.BYTES, value);
    }

    /** Copies {@code count} floats from float {@code offset} on into {@code into}. */
    public void read(int offset, float[] into, int at, int count) {
        floats().get(offset, into, at, count);
    }

    /** Copies {@code count} floats over this matrix from float {@code offset} on. */
    public void write(int offset, float[] from, int at, int count) {
        floats().put(offset, from, at, count);
    }

    /** Copies another matrix of the same number of floats over this one. */
    public void copyFrom(Matrix other) {
        if (other.size() != size()) {
            throw new IllegalArgumentException("Cannot copy %d floats over %d".formatted(other.size(), size()));
        }
        bytes().put(other.bytes());
    }

    /** Sets all floats to zero. */
    public void clear() {
        FloatBuffer floats = floats();
        while (floats.hasRemaining()) {
            floats.put(ZEROS, 0, Math.min(ZEROS.length, floats.remaining()));
        }
    }

    /** All floats, copied. */
    public float[] toArray() {
        float[] values = new float[size()];
        floats().get(values);
        return values;
    }

    /** Where the first float lies, for native code; valid while this matrix or a view of it is reachable. */
    long address() {
        if (address == UNKNOWN && size() > 0) {
            try (BytePointer pointer = new BytePointer(bytes)) {
                address = pointer.address();
            }
        }
        return address;
    }
}
