package siglip.job.checkpoint;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import siglip.job.optimizer.OptimizerSnapshot;
import siglip.job.training.ArmSnapshot;

/**
 * The arrays of an arm, one after the other, float32, little-endian: towers, table, AdamW's means and squares of the towers, its means and squares of
 * the table.
 */
final class ArmArrays {
    private static final int CHUNK = 1 << 16; // floats: stays in the cache between copy, hash and write

    private ArmArrays() {}

    static void write(ArmSnapshot arm, OutputStream out) throws IOException {
        OptimizerSnapshot optimizer = arm.optimizer();
        byte[] bytes = new byte[CHUNK * Float.BYTES];
        FloatBuffer floats = floats(bytes);
        for (float[] array : List.of(
                arm.dense(),
                arm.table(),
                optimizer.denseMean(),
                optimizer.denseSquare(),
                optimizer.tableMean(),
                optimizer.tableSquare())) {
            for (int from = 0; from < array.length; from += CHUNK) {
                int count = Math.min(CHUNK, array.length - from);
                floats.put(0, array, from, count);
                out.write(bytes, 0, count * Float.BYTES);
            }
        }
    }

    /** @return the six arrays in the order of the file */
    static float[][] read(StateFile.Arm arm, InputStream in) throws IOException {
        DataInputStream data = new DataInputStream(in);
        int[] sizes = {arm.dense(), arm.table(), arm.dense(), arm.dense(), arm.table(), arm.table()};
        byte[] bytes = new byte[CHUNK * Float.BYTES];
        FloatBuffer floats = floats(bytes);
        float[][] arrays = new float[sizes.length][];
        for (int i = 0; i < sizes.length; i++) {
            arrays[i] = new float[sizes[i]];
            for (int from = 0; from < sizes[i]; from += CHUNK) {
                int count = Math.min(CHUNK, sizes[i] - from);
                data.readFully(bytes, 0, count * Float.BYTES);
                floats.get(0, arrays[i], from, count);
            }
        }
        return arrays;
    }

    /** Bytes that the arrays take in a file. */
    static long bytes(StateFile.Arm arm) {
        return 3L * Float.BYTES * ((long) arm.dense() + arm.table());
    }

    private static FloatBuffer floats(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).asFloatBuffer();
    }
}
