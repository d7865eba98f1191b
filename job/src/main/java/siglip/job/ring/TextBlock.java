package siglip.job.ring;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import siglip.kernels.blas.Matrix;

/** Memory for the texts of one rank as they travel: the embeddings, n x d, and after them the concept ids, n ints. */
public final class TextBlock {
    private final ByteBuffer bytes;
    private final int width;
    private final int[] conceptIds;
    private int rows;

    /** Room for {@code capacity} texts of {@code width} floats. */
    public TextBlock(int capacity, int width) {
        this.bytes = Matrix.allocate(capacity, width + 1).bytes();
        this.width = width;
        this.conceptIds = new int[capacity];
    }

    /** Says how many texts the block holds now. */
    public TextBlock shape(int rows) {
        if (rows > conceptIds.length) {
            throw new IllegalArgumentException(
                    "Cannot hold %d texts: the block has room for %d".formatted(rows, conceptIds.length));
        }
        this.rows = rows;
        return this;
    }

    public int rows() {
        return rows;
    }

    /** The embeddings, rows x width, sharing the block's memory. */
    public Matrix embeddings() {
        return Matrix.wrap(bytes, rows, width);
    }

    /** Writes the concept ids behind the embeddings. */
    public void writeConceptIds(int[] ids) {
        ByteBuffer tail = tail();
        for (int i = 0; i < rows; i++) {
            tail.putInt(ids[i]);
        }
    }

    /** The concept ids, one a row. */
    public int[] conceptIds() {
        ByteBuffer tail = tail();
        for (int i = 0; i < rows; i++) {
            conceptIds[i] = tail.getInt();
        }
        return rows == conceptIds.length ? conceptIds : Arrays.copyOf(conceptIds, rows);
    }

    private ByteBuffer tail() {
        int start = rows * width * Float.BYTES;
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear().position(start);
    }

    /** All of it, for the network. */
    ByteBuffer wire() {
        return bytes.duplicate().order(ByteOrder.LITTLE_ENDIAN).clear().limit((int) bytes(rows, width));
    }

    /** Bytes of a block of so many texts, in memory as on the wire. */
    public static long bytes(long rows, int width) {
        return Float.BYTES * rows * (width + 1);
    }

    public long bytes() {
        return bytes(conceptIds.length, width);
    }
}
