package siglip.kernels.blas;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.BytePointer;

/** A matrix with its values in bf16, in memory of their own. */
final class RoundedMatrix implements Operand {
    private static final int ALIGNMENT = 64;

    private final Matrix matrix;
    private final ByteBuffer memory; // the rounded values from its start on
    private final long address; // of the first rounded value
    private final int room; // rounded values that fit there

    private RoundedMatrix(Matrix matrix, ByteBuffer memory, long address, int room) {
        this.matrix = matrix;
        this.memory = memory;
        this.address = address;
        this.room = room;
    }

    /** Of a matrix of no rows, with room for so many numbers. */
    static RoundedMatrix room(int numbers) {
        int bytes = Math.multiplyExact(numbers, Short.BYTES);
        ByteBuffer memory = ByteBuffer.allocateDirect(Math.max(bytes, ALIGNMENT) + ALIGNMENT)
                .alignedSlice(ALIGNMENT);
        try (BytePointer pointer = new BytePointer(memory)) {
            return new RoundedMatrix(Matrix.allocate(0, 0), memory, pointer.address(), numbers);
        }
    }

    /** Room for the values of a matrix, still to be filled, in the memory of a former operand where that is large enough. */
    static RoundedMatrix roomFor(Matrix matrix, Operand former) {
        RoundedMatrix place =
                former instanceof RoundedMatrix old && old.room >= matrix.size() ? old : room(matrix.size());
        return new RoundedMatrix(matrix, place.memory, place.address, place.room);
    }

    @Override
    public RoundedMatrix rows(int from, int count) {
        Matrix part = matrix.rows(from, count);
        return new RoundedMatrix(part, memory, address + (long) Short.BYTES * from * matrix.columns(), part.size());
    }

    @Override
    public Matrix matrix() {
        return matrix;
    }

    @Override
    public long roundedBytes() {
        return Precision.BF16.roundedBytes(room);
    }

    /** Where the rounded values lie, for native code; valid while this operand is reachable. */
    long address() {
        return address;
    }
}
