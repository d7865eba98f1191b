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

    private PackedPairs(Builder built, int[] tokens, int[] starts) {
        this.rows = built.rows;
        this.imageWidth = built.shape.imageWidth();
        this.textWidth = built.shape.textWidth();
        this.images = built.images;
        this.texts = built.texts;
        this.conceptIds = built.conceptIds;
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

    /** Takes pairs in any order, each id from 0 to rows - 1 once, and keeps nothing else of them. */
    public static final class Builder {
        private final int rows;
        private final PairShape shape;
        private final float[][] images;
        private final float[][] texts;
        private final int[] conceptIds;
        private final int[][] bags;
        private final int[] described;
        private int added;

        public Builder(int rows, PairShape shape) {
            this.rows = rows;
            this.shape = shape;
            this.images = chunks(rows, shape.imageWidth());
            this.texts = chunks(rows, shape.textWidth());
            this.conceptIds = new int[rows];
            this.bags = new int[shape.textIsTokens() ? rows : 0][];
            this.described = new int[bags.length];
        }

        public void add(EncodedPair pair) {
            int row = (int) pair.id();
            int at = row % CHUNK;
            pair.unpack(
                    shape, images[row / CHUNK], at * shape.imageWidth(), texts[row / CHUNK], at * shape.textWidth());
            conceptIds[row] = pair.conceptId();
            if (shape.textIsTokens()) {
                bags[row] = pair.tokens(shape, pair.tokenCount());
                described[row] = pair.described();
            }
            added++;
        }

        /** @throws DataException if rows are missing, or have more tokens than an array can hold */
        public PackedPairs build() {
            if (added != rows) {
                throw new DataException(
                        "Cannot find all pairs again: there were %d, now %d. Did the files change while they were read?"
                                .formatted(rows, added));
            }
            int[] starts = new int[shape.textIsTokens() ? 2 * rows + 1 : 0];
            long total = 0;
            for (int row = 0; row < bags.length; row++) {
                starts[2 * row + 1] = (int) (total + described[row]);
                total += bags[row].length;
                if (total > Integer.MAX_VALUE - 8) {
                    throw new DataException(
                            "Cannot hold the training set in memory: its captions have more than 2^31 tokens. Set data.source = shuffled");
                }
                starts[2 * row + 2] = (int) total;
            }
            int[] tokens = new int[(int) total];
            for (int row = 0; row < bags.length; row++) {
                System.arraycopy(bags[row], 0, tokens, starts[2 * row], bags[row].length);
            }
            return new PackedPairs(this, tokens, starts);
        }
    }

    private static float[][] chunks(int rows, int width) {
        float[][] chunks = new float[(rows + CHUNK - 1) / CHUNK][];
        for (int i = 0; i < chunks.length; i++) {
            chunks[i] = new float[Math.multiplyExact(Math.min(CHUNK, rows - i * CHUNK), width)];
        }
        return chunks;
    }
}
