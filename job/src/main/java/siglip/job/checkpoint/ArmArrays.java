package siglip.job.checkpoint;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import siglip.job.optimizer.Slot;

/**
 * The arrays of an arm, one after the other, float32, little-endian: for the parameters and then for each slot of the optimizer the numbers of
 * the towers, then those of the table.
 */
final class ArmArrays {
    private static final int CHUNK = 1 << 16; // floats: stays in the cache between copy, hash and write

    private ArmArrays() {}

    static void write(List<Slot> slots, OutputStream out) throws IOException {
        byte[] bytes = new byte[CHUNK * Float.BYTES];
        FloatBuffer floats = floats(bytes);
        each(slots, (array, from, count) -> {
            floats.put(0, array, from, count);
            out.write(bytes, 0, count * Float.BYTES);
        });
    }

    /** Fills slots that have their sizes, in the order in which they were written. */
    static void read(List<Slot> slots, InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        byte[] bytes = new byte[CHUNK * Float.BYTES];
        FloatBuffer floats = floats(bytes);
        each(slots, (array, from, count) -> {
            data.readFully(bytes, 0, count * Float.BYTES);
            floats.get(0, array, from, count);
        });
    }

    private interface Chunk {
        void move(float[] array, int from, int count) throws IOException;
    }

    private static void each(List<Slot> slots, Chunk chunk) throws IOException {
        for (Slot slot : slots) {
            for (float[] array : List.of(slot.dense(), slot.table())) {
                for (int from = 0; from < array.length; from += CHUNK) {
                    chunk.move(array, from, Math.min(CHUNK, array.length - from));
                }
            }
        }
    }

    private static FloatBuffer floats(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }
}
