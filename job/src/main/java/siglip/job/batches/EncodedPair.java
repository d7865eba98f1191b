package siglip.job.batches;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import siglip.job.features.Pair;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.kernels.blas.Matrix;

/**
 * A pair as bytes, for Spark's storage, for shuffles and for the way to the driver. Little-endian: id (8), concept id, tokens of the description,
 * tokens (4 each), image features, then text features or tokens.
 */
public record EncodedPair(byte[] bytes) {
    private static final int HEAD = 20;

    /** A pair before it has an id, its features as they were read. */
    public static EncodedPair of(int conceptId, Pair pair) {
        int floats = pair.image().length + pair.text().length;
        EncodedPair encoded =
                new EncodedPair(new byte[HEAD + Float.BYTES * floats + Integer.BYTES * pair.tokens().length]);
        ByteBuffer out = encoded.buffer(0);
        out.putLong(0).putInt(conceptId).putInt(pair.described()).putInt(pair.tokens().length);
        out.asFloatBuffer().put(pair.image()).put(pair.text());
        encoded.buffer(HEAD + Float.BYTES * floats).asIntBuffer().put(pair.tokens());
        return encoded;
    }

    /** The pair with an id, a concept id and features on the common scale. */
    public EncodedPair with(long id, int conceptId, PairShape shape, PairScaling scaling) {
        EncodedPair pair = new EncodedPair(bytes.clone());
        pair.buffer(0).putLong(id).putInt(conceptId);
        float[] image = image(shape);
        scaling.image().apply(image);
        float[] text = text(shape);
        scaling.text().apply(text);
        pair.buffer(HEAD).asFloatBuffer().put(image).put(text);
        return pair;
    }

    /** Image features. */
    public float[] image(PairShape shape) {
        float[] image = new float[shape.imageWidth()];
        buffer(HEAD).asFloatBuffer().get(image);
        return image;
    }

    /** Text features; none where texts are tokens. */
    public float[] text(PairShape shape) {
        float[] text = new float[shape.textWidth()];
        buffer(HEAD + Float.BYTES * shape.imageWidth()).asFloatBuffer().get(text);
        return text;
    }

    public long id() {
        return buffer(0).getLong();
    }

    public int conceptId() {
        return buffer(8).getInt();
    }

    int described() {
        return buffer(12).getInt();
    }

    /** How many tokens the pair has; 0 where texts are features. */
    public int tokenCount() {
        return buffer(16).getInt();
    }

    /** The first tokens of a pair whose text is tokens. */
    int[] tokens(PairShape shape, int count) {
        int[] tokens = new int[count];
        buffer(HEAD + Float.BYTES * shape.imageWidth()).asIntBuffer().get(tokens);
        return tokens;
    }

    /** Copies features out; those of the text are left alone where the shape has none. */
    public void unpack(PairShape shape, float[] images, int image, float[] texts, int text) {
        FloatBuffer floats = buffer(HEAD).asFloatBuffer();
        floats.get(images, image, shape.imageWidth());
        floats.get(texts, text, shape.textWidth());
    }

    /** Copies the pair into row {@code at} of a batch that was started. */
    void copy(PairShape shape, boolean withKeywords, Batch into, int at) {
        FloatBuffer floats = buffer(HEAD).asFloatBuffer();
        copy(floats, shape.imageWidth(), into.images(), at);
        if (shape.textIsTokens()) {
            int[] tokens = tokens(shape, withKeywords ? tokenCount() : described());
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

    private ByteBuffer buffer(int position) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).position(position);
    }
}
