package siglip.job.towers;

import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.Arrays;

/**
 * The parameters of a graph as ND4J writes an array: its shape, then its numbers, each with a header that says how many there are.
 *
 * <pre>
 * UTF "MIXED_DATA_TYPES"  long n  UTF "LONG"   n longs: rank, dims, strides, and three more
 * UTF "MIXED_DATA_TYPES"  long P  UTF "FLOAT"  P floats
 * </pre>
 *
 * All numbers are big-endian. Memory is taken as numbers come, not for what a header or a configuration says.
 */
final class Coefficients {
    /** Bytes before the numbers, at most. */
    static final int MOST_HEADER = 4096;

    private static final int MOST_SHAPE = 2 * 32 + 4;

    private static final int FIRST = 1 << 20;

    private Coefficients() {}

    /**
     * @param count floats that there must be
     * @throws IllegalArgumentException if there is anything else: what, as a clause
     */
    static float[] read(InputStream from, int count) throws IOException {
        DataInputStream in = new DataInputStream(from);
        long longs = header(in, "LONG");
        if (longs < 4 || longs > MOST_SHAPE) {
            throw new IllegalArgumentException("its parameters have a shape of %d numbers".formatted(longs));
        }
        in.skipNBytes(longs * Long.BYTES); // a flat vector has its length, which comes again, for a shape
        long found = header(in, "FLOAT");
        if (found != count) {
            throw new IllegalArgumentException(
                    "it holds %d parameters, its configuration has %d".formatted(found, count));
        }
        float[] values = new float[Math.min(count, FIRST)];
        byte[] chunk = new byte[1 << 16];
        for (int at = 0; at < count; ) {
            if (at == values.length) {
                values = Arrays.copyOf(values, (int) Math.min(count, 2L * at));
            }
            int floats = Math.min(chunk.length / Float.BYTES, values.length - at);
            in.readFully(chunk, 0, floats * Float.BYTES);
            ByteBuffer.wrap(chunk).asFloatBuffer().get(values, at, floats);
            at += floats;
        }
        return values;
    }

    private static long header(DataInputStream in, String type) throws IOException {
        String mode = text(in);
        if (!mode.equals("MIXED_DATA_TYPES") && !mode.equals("LONG_SHAPE")) {
            throw new IllegalArgumentException(
                    "its parameters are no array that DL4J has written since 1.0.0-alpha; read and save the model once with DL4J 1.0.0-M2.1");
        }
        long length = in.readLong();
        String found = text(in);
        if (!found.equals(type)) {
            throw new IllegalArgumentException(
                    "its parameters are of type %s where %s is read; build it with dataType(DataType.FLOAT)"
                            .formatted(found, type));
        }
        return length;
    }

    /** A short text; the length that comes first may say anything. */
    private static String text(DataInputStream in) throws IOException {
        String text = in.readUTF(); // at most 64 kB
        return text.length() <= 32 ? text : text.substring(0, 32) + "...";
    }
}
