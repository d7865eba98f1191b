package siglip.job.batches;

import java.io.Serializable;
import siglip.job.features.PairShape;
import siglip.job.features.TokenBags;
import siglip.job.formats.DataException;

/**
 * Pairs in a few large arrays, ready to be copied into batches: scaled image features, text features or token bags, concept ids. Row i is the row
 * with id i. Immutable once built; shared by all threads of a process.
 */
public final class PackedPairs implements Serializable {
    private static final int CHUNK = 4096; // rows to an array, so that no array comes near Java's limit

    private final int rows;
    private final int imageWidth; // no PairShape: Spark's Kryo, if a cluster has set it, cannot write records
    private final int textWidth;
    private final float[][] images;
    private final float[][] texts;
    private final int[] conceptIds;
    private final int[] tokens;
    private final int[] starts; // description of row i from [2i], keywords from [2i + 1], end at [2i + 2]

    private PackedPairs(int rows, PairShape shape, int[] tokens, int[] starts) {
        this.rows = rows;
        this.imageWidth = shape.imageWidth();
        this.textWidth = shape.textWidth();
        this.images = chunks(rows, imageWidth);
        this.texts = chunks(rows, textWidth);
        this.conceptIds = new int[rows];
        this.tokens = tokens;
        this.starts = starts;
    }

    public int rows() {
        return rows;
    }

    public PairShape shape() {
        return new PairShape(imageWidth, textWidth);
    }

    /** Copies a row's scaled image features, {@code imageWidth} floats. */
    public void image(int row, float[] into, int at) {
        System.arraycopy(images[row / CHUNK], row % CHUNK * imageWidth, into, at, imageWidth);
    }

    /** Copies a row's text features, {@code textWidth} floats; nothing when texts are tokens. */
    public void text(int row, float[] into, int at) {
        System.arraycopy(texts[row / CHUNK], row % CHUNK * textWidth, into, at, textWidth);
    }

    /** Adds a row's bag of tokens: the description, with or without the keywords after it; empty when texts are features. */
    public void addTokens(int row, boolean withKeywords, TokenBags to) {
        if (textWidth == 0) {
            int start = starts[2 * row];
            to.add(tokens, start, starts[2 * row + (withKeywords ? 2 : 1)] - start);
        }
    }

    /** Concept id of a row: equal for pairs of equal concept. */
    public int conceptId(int row) {
        return conceptIds[row];
    }

    /** Copies a row into row {@code at} of a batch that was started. */
    void copy(int row, boolean withKeywords, Batch into, int at) {
        into.images().write(at * imageWidth, images[row / CHUNK], row % CHUNK * imageWidth, imageWidth);
        if (textWidth == 0) {
            addTokens(row, withKeywords, into.tokens());
        } else {
            into.texts().write(at * textWidth, texts[row / CHUNK], row % CHUNK * textWidth, textWidth);
        }
        into.ids()[at] = row;
        into.conceptIds()[at] = conceptIds[row];
    }

    /** Packs pairs that are already in memory, in the order of their ids. */
    public static PackedPairs of(PairShape shape, EncodedPair[] pairs) {
        int[] starts = new int[shape.textIsTokens() ? 2 * pairs.length + 1 : 0];
        int[] tokens = new int[0];
        if (shape.textIsTokens()) {
            long total = 0;
            for (int row = 0; row < pairs.length; row++) {
                starts[2 * row] = (int) total;
                starts[2 * row + 1] = (int) (total + pairs[row].described());
                total += pairs[row].tokens();
                if (total > Integer.MAX_VALUE - 8) {
                    throw new DataException(
                            "Cannot hold the training set in memory: its captions have more than 2^31 tokens. Set data.source = shuffled");
                }
            }
            starts[2 * pairs.length] = (int) total;
            tokens = new int[(int) total];
        }
        PackedPairs packed = new PackedPairs(pairs.length, shape, tokens, starts);
        for (int row = 0; row < pairs.length; row++) {
            pairs[row].unpack(
                    shape,
                    packed.images[row / CHUNK],
                    row % CHUNK * shape.imageWidth(),
                    packed.texts[row / CHUNK],
                    row % CHUNK * shape.textWidth(),
                    tokens,
                    shape.textIsTokens() ? starts[2 * row] : 0);
            packed.conceptIds[row] = pairs[row].conceptId();
        }
        return packed;
    }

    private static float[][] chunks(int rows, int width) {
        float[][] chunks = new float[(rows + CHUNK - 1) / CHUNK][];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = new float[Math.multiplyExact(Math.min(CHUNK, rows - i * CHUNK), width)];
        }
        return chunks;
    }
}
