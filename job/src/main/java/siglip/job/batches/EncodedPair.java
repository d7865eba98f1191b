package siglip.job.batches;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import siglip.job.features.Pair;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.job.features.Texts;
import siglip.job.features.TokenBags;
import siglip.kernels.blas.Matrix;

/**
 * A pair as bytes, for Spark's storage, for shuffles and for the way to the driver. Little-endian: id (8), concept id, tokens of the description,
 * tokens (4 each), image features, then text features or tokens.
 *
 * <p>A pair of several texts has minus their number in place of the tokens of the description, all features or tokens, and at its end a concept id
 * for each text, before that where texts are tokens the number of each one's tokens.
 */
public record EncodedPair(byte[] bytes) {
    private static final int HEAD = 20;
    private static final int DESCRIBED = 12;

    /**
     * A pair before it has an id, its features as they were read.
     *
     * @param conceptIds of each text
     */
    public static EncodedPair of(int[] conceptIds, Pair pair) {
        Texts texts = pair.texts();
        int count = texts.count();
        int floats = pair.image().length + texts.features().size() * texts.width();
        int tokens = texts.keywords().length
                + texts.tokens().stream().mapToInt(each -> each.length).sum();
        int more = count == 1 ? 0 : count + texts.tokens().size();
        ByteBuffer out = ByteBuffer.allocate(HEAD + Float.BYTES * floats + Integer.BYTES * (tokens + more))
                .order(ByteOrder.LITTLE_ENDIAN);
        int described = count > 1
                ? -count
                : texts.tokens().stream().mapToInt(each -> each.length).sum();
        out.putLong(0).putInt(conceptIds[0]).putInt(described).putInt(tokens);
        for (float value : pair.image()) {
            out.putFloat(value);
        }
        for (float[] text : texts.features()) {
            for (float value : text) {
                out.putFloat(value);
            }
        }
        texts.tokens().forEach(caption -> put(caption, out));
        put(texts.keywords(), out);
        if (count > 1) {
            texts.tokens().forEach(caption -> out.putInt(caption.length));
            put(conceptIds, out);
        }
        return new EncodedPair(out.array());
    }

    private static void put(int[] values, ByteBuffer out) {
        for (int value : values) {
            out.putInt(value);
        }
    }

    /** The pair with an id, a concept id for each text, and features on the common scale. */
    public EncodedPair with(long id, int[] conceptIds, PairShape shape, PairScaling scaling) {
        EncodedPair pair = new EncodedPair(bytes.clone());
        pair.buffer(0).putLong(id).putInt(conceptIds[0]);
        if (conceptIds.length > 1) {
            put(conceptIds, pair.buffer(bytes.length - Integer.BYTES * conceptIds.length));
        }
        float[] image = image(shape);
        scaling.image().apply(image);
        FloatBuffer out = pair.buffer(HEAD).asFloatBuffer().put(image);
        for (float[] text : texts(shape)) {
            scaling.text().apply(text);
            out.put(text);
        }
        return pair;
    }

    /** Image features. */
    public float[] image(PairShape shape) {
        float[] image = new float[shape.imageWidth()];
        buffer(HEAD).asFloatBuffer().get(image);
        return image;
    }

    /** Features of each text; none where texts are tokens. */
    public float[][] texts(PairShape shape) {
        float[][] texts = new float[shape.textIsTokens() ? 0 : count()][shape.textWidth()];
        FloatBuffer floats = buffer(HEAD + Float.BYTES * shape.imageWidth()).asFloatBuffer();
        for (float[] text : texts) {
            floats.get(text);
        }
        return texts;
    }

    public long id() {
        return buffer(0).getLong();
    }

    /** How many texts the pair has, at least 1. */
    public int count() {
        return Math.max(1, -buffer(DESCRIBED).getInt());
    }

    /** Of each text. */
    public int[] conceptIds() {
        int count = count();
        return count == 1 ? new int[] {buffer(8).getInt()} : ints(bytes.length - Integer.BYTES * count, count);
    }

    /** Of the pair with the text that is drawn. */
    public int conceptId(CaptionDraw draw) {
        return conceptIds()[draw.concept(id(), count())];
    }

    /** How many tokens each caption has; no figures where texts are features. */
    int[] described(PairShape shape) {
        int count = count();
        if (!shape.textIsTokens()) {
            return new int[0];
        }
        return count == 1
                ? new int[] {buffer(DESCRIBED).getInt()}
                : ints(bytes.length - 2 * Integer.BYTES * count, count);
    }

    /** How many tokens the pair has, with all captions and the keywords; 0 where texts are features. */
    public int tokenCount() {
        return buffer(16).getInt();
    }

    /** All tokens of a pair whose texts are tokens. */
    int[] tokens(PairShape shape) {
        return ints(HEAD + Float.BYTES * shape.imageWidth(), tokenCount());
    }

    private int[] ints(int position, int count) {
        int[] values = new int[count];
        buffer(position).asIntBuffer().get(values);
        return values;
    }

    /** Copies features of the image and of the first text out; those of the text are left alone where the shape has none. */
    public void unpack(PairShape shape, float[] images, int image, float[] texts, int text) {
        FloatBuffer floats = buffer(HEAD).asFloatBuffer();
        floats.get(images, image, shape.imageWidth());
        floats.get(texts, text, shape.textWidth());
    }

    /** Copies the pair, with the text that is drawn, into row {@code at} of a batch that was started. */
    void copy(PairShape shape, CaptionDraw draw, Batch into, int at) {
        int text = draw.text(id(), count());
        FloatBuffer floats = buffer(HEAD).asFloatBuffer();
        copy(floats, shape.imageWidth(), into.images(), at);
        if (shape.textIsTokens()) {
            copyTokens(shape, text, draw.withKeywords(id()), into.tokens());
        } else {
            copy(floats.position(shape.imageWidth() + text * shape.textWidth()), shape.textWidth(), into.texts(), at);
        }
        into.ids()[at] = id();
        into.conceptIds()[at] = conceptId(draw);
    }

    private void copyTokens(PairShape shape, int text, boolean withKeywords, TokenBags to) {
        int[] tokens = tokens(shape);
        int[] described = described(shape);
        int start = 0;
        for (int i = 0; i < text; i++) {
            start += described[i];
        }
        to.add(tokens, start, described[text]);
        if (withKeywords) {
            int keywords = 0;
            for (int length : described) {
                keywords += length;
            }
            to.append(tokens, keywords, tokens.length - keywords);
        }
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
