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
    private final int room; // rounded values that fit there

    private Operand(Matrix matrix, ByteBuffer memory, long address, int room) {
        this.matrix = matrix;
        this.memory = memory;
        this.address = address;
        this.room = room;
    }

    /** Of a matrix of no rows: what {@link MatrixProducts#prepare} starts from. */
    public static Operand empty() {
        return exact(Matrix.allocate(0, 0));
    }

    /** The matrix itself. */
    static Operand exact(Matrix matrix) {
        return new Operand(matrix, NO_MEMORY, 0, 0);
    }

    /** Of a matrix of no rows, with room for so many numbers in bf16. */
    static Operand room(int numbers) {
        int bytes = Math.multiplyExact(numbers, Short.BYTES);
        ByteBuffer memory = ByteBuffer.allocateDirect(Math.max(bytes, 64) + 64).alignedSlice(64);
        try (BytePointer pointer = new BytePointer(memory)) {
            return new Operand(Matrix.allocate(0, 0), memory, pointer.address(), numbers);
        }
    }

    /** Room for the matrix in bf16, still to be filled, in the memory of a former operand where that is large enough. */
    static Operand roomFor(Matrix matrix, Operand former) {
        Operand place = former.room >= matrix.size() && former.address != 0 ? former : room(matrix.size());
        return new Operand(matrix, place.memory, place.address, place.room);
    }

    /** Rows {@code from} to {@code from + count - 1}, sharing memory. */
    public Operand rows(int from, int count) {
        Matrix part = matrix.rows(from, count);
        return address == 0
                ? exact(part)
                : new Operand(part, memory, address + (long) Short.BYTES * from * matrix.columns(), part.size());
    }

    /** What was given, not rounded. */
    public Matrix matrix() {
        return matrix;
    }

    /** Bytes that there are for a rounded copy. */
    public long bytes() {
        return (long) Short.BYTES * room;
    }

    boolean isRounded() {
        return address != 0;
    }

    /** Where the rounded values lie, for native code; valid while this operand is reachable. */
    long address() {
        return address;
    }
}
