package siglip.job.batches;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import siglip.job.features.PairShape;
import siglip.job.features.TokenBags;
import siglip.job.formats.DataException;

/**
 * Pairs in a few large arrays, ready to be copied into batches: scaled image features, text features or token bags, concept ids. Row i is the row
 * with id i. Texts are numbered through: those of row 0, then those of row 1; where each row has one, text i is that of row i. Immutable once
 * built; shared by all threads of a process.
 */
public final class PackedPairs implements Serializable {
    private static final int CHUNK = 4096; // rows to an array, so that no array comes near Java's limit

    private final int rows;
    private final int imageWidth; // no PairShape: Spark's Kryo, if a cluster has set it, cannot write records
    private final int textWidth;
    private final float[][] images;
    private final float[][] texts; // the first of each row
    private final float[][] moreTexts; // of each row all but the first; no arrays where each row has one
    private final int[] firstTexts; // of each row, and the number of all texts; empty where each row has one
    private final int[] conceptIds; // of each text
    private final int[] tokens;
    private final int[]
            starts; // of each row the starts of its captions and of its keywords; they end where the next row starts

    private PackedPairs(Builder built, int[] firstTexts, int[] tokens, int[] starts) {
        this.rows = built.rows;
        this.imageWidth = built.shape.imageWidth();
        this.textWidth = built.shape.textWidth();
        this.images = built.images;
        this.texts = built.texts;
        this.moreTexts = built.moreTexts(firstTexts);
        this.firstTexts = firstTexts;
        this.conceptIds = built.conceptIds(firstTexts);
        this.tokens = tokens;
        this.starts = starts;
    }

    public int rows() {
        return rows;
    }

    public PairShape shape() {
        return new PairShape(imageWidth, textWidth);
    }

    /** The number of a row's first text; that of row {@link #rows} is the number of all texts. */
    public int firstText(int row) {
        return firstText(firstTexts, row);
    }

    private static int firstText(int[] firstTexts, int row) {
        return firstTexts.length == 0 ? row : firstTexts[row];
    }

    /** How many texts a row has, at least 1. */
    public int texts(int row) {
        return firstText(row + 1) - firstText(row);
    }

    /** The text of a row that is drawn. */
    public int text(int row, CaptionDraw draw) {
        return firstText(row) + draw.text(row, texts(row));
    }

    /** Concept id of a row with the text that is drawn. */
    public int conceptId(int row, CaptionDraw draw) {
        return conceptIds[firstText(row) + draw.concept(row, texts(row))];
    }

    /** The row that a text belongs to. */
    public int rowOf(int text) {
        if (firstTexts.length == 0) {
            return text;
        }
        int at = Arrays.binarySearch(firstTexts, text);
        return at >= 0 ? at : -at - 2;
    }

    /** Copies a row's scaled image features, {@code imageWidth} floats. */
    public void image(int row, float[] into, int at) {
        System.arraycopy(images[row / CHUNK], row % CHUNK * imageWidth, into, at, imageWidth);
    }

    /** Copies the features of a text, {@code textWidth} floats; nothing when texts are tokens. */
    public void text(int text, float[] into, int at) {
        int row = rowOf(text);
        int further = text - firstText(row);
        if (further == 0 || textWidth == 0) {
            System.arraycopy(texts[row / CHUNK], row % CHUNK * textWidth, into, at, textWidth);
        } else {
            System.arraycopy(moreTexts[row], (further - 1) * textWidth, into, at, textWidth);
        }
    }

    /** Adds the bag of tokens of a text: the description, with or without the keywords after it; empty when texts are features. */
    public void addTokens(int text, boolean withKeywords, TokenBags to) {
        if (textWidth != 0) {
            return;
        }
        int row = rowOf(text);
        int start = text + row; // each row before has one more start than texts
        to.add(tokens, starts[start], starts[start + 1] - starts[start]);
        if (withKeywords) {
            int keywords = firstText(row + 1) + row;
            to.append(tokens, starts[keywords], starts[keywords + 1] - starts[keywords]);
        }
    }

    /** Concept id of a text: equal for pairs of equal concept. */
    public int conceptId(int text) {
        return conceptIds[text];
    }

    /** Copies a row, with the text that is drawn, into row {@code at} of a batch that was started. */
    void copy(int row, CaptionDraw draw, Batch into, int at) {
        int text = text(row, draw);
        into.images().write(at * imageWidth, images[row / CHUNK], row % CHUNK * imageWidth, imageWidth);
        if (textWidth == 0) {
            addTokens(text, draw.withKeywords(row), into.tokens());
        } else {
            int further = text - firstText(row);
            float[] from = further == 0 ? texts[row / CHUNK] : moreTexts[row];
            into.texts().write(at * textWidth, from, (further == 0 ? row % CHUNK : further - 1) * textWidth, textWidth);
        }
        into.ids()[at] = row;
        into.conceptIds()[at] = conceptId(row, draw);
    }

    /** Takes pairs in any order, each id from 0 to rows - 1 once, and keeps nothing else of them. */
    public static final class Builder {
        private final int rows;
        private final PairShape shape;
        private final float[][] images;
        private final float[][] texts;
        private final int[] conceptIds; // of the first text of each row
        private final int[][] bags;
        private final int[] described; // tokens of the first caption of each row
        private final Map<Integer, Several> several = new HashMap<>();
        private int added;

        /** What there is more of a row with several texts. */
        private record Several(int[] conceptIds, int[] described, float[] moreTexts) {}

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
            int[] concepts = pair.conceptIds();
            int[] lengths = pair.described(shape);
            conceptIds[row] = concepts[0];
            if (shape.textIsTokens()) {
                bags[row] = pair.tokens(shape);
                described[row] = lengths[0];
            }
            if (concepts.length > 1) {
                several.put(row, new Several(concepts, lengths, moreTexts(pair)));
            }
            added++;
        }

        private float[] moreTexts(EncodedPair pair) {
            float[][] all = pair.texts(shape);
            float[] more = new float[Math.max(0, all.length - 1) * shape.textWidth()];
            for (int i = 1; i < all.length; i++) {
                System.arraycopy(all[i], 0, more, (i - 1) * shape.textWidth(), shape.textWidth());
            }
            return more;
        }

        /** @throws DataException if rows are missing, or have more tokens than an array can hold */
        public PackedPairs build() {
            if (added != rows) {
                throw new DataException(
                        "Cannot find all pairs again: there were %d, now %d. Did the files change while they were read?"
                                .formatted(rows, added));
            }
            int[] firstTexts = firstTexts();
            int[] starts = new int[shape.textIsTokens() ? firstText(firstTexts, rows) + rows + 1 : 0];
            long total = 0;
            int at = 0;
            for (int row = 0; row < bags.length; row++) {
                long end = total + bags[row].length;
                if (end > Integer.MAX_VALUE - 8) {
                    throw new DataException(
                            "Cannot hold the training set in memory: its captions have more than 2^31 tokens. Set data.source = shuffled");
                }
                for (int length : lengths(row)) {
                    total += length;
                    starts[++at] = (int) total;
                }
                total = end;
                starts[++at] = (int) total;
            }
            int[] tokens = new int[(int) total];
            int next = 0;
            for (int[] bag : bags) {
                System.arraycopy(bag, 0, tokens, next, bag.length);
                next += bag.length;
            }
            return new PackedPairs(this, firstTexts, tokens, starts);
        }

        private int[] lengths(int row) {
            Several more = several.get(row);
            return more == null ? new int[] {described[row]} : more.described();
        }

        private int[] firstTexts() {
            int[] first = new int[several.isEmpty() ? 0 : rows + 1];
            for (int row = 0; row < first.length - 1; row++) {
                Several more = several.get(row);
                first[row + 1] = Math.addExact(first[row], more == null ? 1 : more.conceptIds().length);
            }
            return first;
        }

        private float[][] moreTexts(int[] firstTexts) {
            float[][] more = new float[firstTexts.length == 0 ? 0 : rows][];
            several.forEach((row, each) -> more[row] = each.moreTexts());
            return more;
        }

        private int[] conceptIds(int[] firstTexts) {
            if (firstTexts.length == 0) {
                return conceptIds;
            }
            int[] all = new int[firstTexts[rows]];
            for (int row = 0; row < rows; row++) {
                Several more = several.get(row);
                int[] own = more == null ? new int[] {conceptIds[row]} : more.conceptIds();
                System.arraycopy(own, 0, all, firstTexts[row], own.length);
            }
            return all;
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
