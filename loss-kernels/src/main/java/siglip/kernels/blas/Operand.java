package siglip.kernels.blas;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;

/**
 * An operand that several products read, rounded once for all of them where they round. {@link MatrixProducts#prepare} makes it.
 * It holds the values of the matrix at that time: a change of the matrix afterwards asks for another {@code prepare}.
 */
public final class Operand {
    private static final ByteBuffer NO_MEMORY = ByteBuffer.allocateDirect(0);

    private final Matrix matrix;
    private final ByteBuffer memory; // the values in bf16 from its start on; no bytes where nothing was rounded
    private final long address; // of the first rounded value; 0 where there is none

    private Operand(Matrix matrix, ByteBuffer memory, long address) {
        this.matrix = matrix;
        this.memory = memory;
        this.address = address;
    }

    /** Of a matrix of no rows: what {@link MatrixProducts#prepare} starts from. */
    public static Operand empty() {
        return exact(Matrix.allocate(0, 0));
    }

    /** The matrix itself. */
    static Operand exact(Matrix matrix) {
        return new Operand(matrix, NO_MEMORY, 0);
    }

    /** Room for the matrix in bf16, still to be filled, in the memory of a former operand where that is large enough. */
    static Operand roomFor(Matrix matrix, Operand former) {
        int bytes = Math.multiplyExact(matrix.size(), Short.BYTES);
        if (former.address != 0 && former.memory.capacity() >= bytes) {
            return new Operand(matrix, former.memory, former.address);
        }
        ByteBuffer memory = ByteBuffer.allocateDirect(Math.max(bytes, 64) + 64).alignedSlice(64);
        try (BytePointer pointer = new BytePointer(memory)) {
            return new Operand(matrix, memory, pointer.address());
        }
    }

    /** Rows {@code from} to {@code from + count - 1}, sharing memory. */
    public Operand rows(int from, int count) {
        Matrix part = matrix.rows(from, count);
        return address == 0
                ? exact(part)
                : new Operand(part, memory, address + (long) Short.BYTES * from * matrix.columns());
    }

    /** What was given, not rounded. */
    public Matrix matrix() {
        return matrix;
    }

    /** Bytes that the rounded copy takes. */
    public long bytes() {
        return memory.capacity();
    }

    boolean isRounded() {
        return address != 0;
    }

    /** Where the rounded values lie, for native code; valid while this operand is reachable. */
    long address() {
        return address;
    }
}
