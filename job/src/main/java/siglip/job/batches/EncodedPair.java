package siglip.job.batches;

import java.io.Serializable;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import siglip.job.features.PairShape;
import siglip.job.formats.Pair;
import siglip.kernels.blas.Matrix;

/**
 * A pair as bytes, for shuffles and for the way to the driver. Little-endian: id (8), concept id, tokens of the description, tokens (4 each), image
 * features, then text features or tokens.
 */
public record EncodedPair(byte[] bytes) implements Serializable {
    private static final int HEAD = 20;

    /** Encodes a pair whose image features are scaled. */
    public static EncodedPair of(long id, int conceptId, Pair pair) {
        int floats = pair.image().length + pair.text().length;
        byte[] bytes = new byte[HEAD + Float.BYTES * floats + Integer.BYTES * pair.tokens().length];
        ByteBuffer out = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        out.putLong(id).putInt(conceptId).putInt(pair.described()).putInt(pair.tokens().length);
        out.asFloatBuffer().put(pair.image()).put(pair.text());
        out.position(HEAD + Float.BYTES * floats);
        out.asIntBuffer().put(pair.tokens());
        return new EncodedPair(bytes);
    }

    public long id() {
        return buffer().getLong(0);
    }

    int conceptId() {
        return buffer().getInt(8);
    }

    int described() {
        return buffer().getInt(12);
    }

    int tokens() {
        return buffer().getInt(16);
    }

    /** Copies features and tokens out; text features and tokens are left alone where the shape has none. */
    void unpack(PairShape shape, float[] images, int image, float[] texts, int text, int[] tokens, int token) {
        FloatBuffer floats = buffer().position(HEAD).asFloatBuffer();
        floats.get(images, image, shape.imageWidth());
        floats.get(texts, text, shape.textWidth());
        IntBuffer ints = buffer().position(HEAD + Float.BYTES * (shape.imageWidth() + shape.textWidth()))
                .asIntBuffer();
        ints.get(tokens, token, tokens());
    }

    /** Copies the pair into row {@code at} of a batch that was started. */
    void copy(PairShape shape, boolean withKeywords, Batch into, int at) {
        FloatBuffer floats = buffer().position(HEAD).asFloatBuffer();
        copy(floats, shape.imageWidth(), into.images(), at);
        if (shape.textIsTokens()) {
            int[] tokens = new int[withKeywords ? tokens() : described()];
            buffer().position(HEAD + Float.BYTES * shape.imageWidth())
                    .asIntBuffer()
                    .get(tokens);
            into.tokens().add(tokens, 0, tokens.length);
        } else {
            copy(floats, shape.textWidth(), into.texts(), at);
        }
        into.ids()[at] = id();
        into.conceptIds()[at] = conceptId();
    }

    /** Copies the next {@code width} floats over a row. */
    private static void copy(FloatBuffer from, int width, Matrix into, int row) {
        into.floats().position(row * width).put(from.slice().limit(width));
        from.position(from.position() + width);
    }

    private ByteBuffer buffer() {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
}
