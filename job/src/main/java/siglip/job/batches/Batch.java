package siglip.job.batches;

import java.util.Arrays;
import siglip.job.features.PairShape;
import siglip.job.features.TokenBags;
import siglip.kernels.blas.Matrix;

/** One rank's slice of one global batch, in preallocated memory that is filled again for each step. */
public final class Batch {
    private final Matrix images;
    private final Matrix texts;
    private final TokenBags tokens = new TokenBags();
    private final long[] ids;
    private final int[] conceptIds;
    private int rows;

    /** Room for {@code capacity} pairs. */
    public Batch(PairShape shape, int capacity) {
        images = Matrix.allocate(capacity, shape.imageWidth());
        texts = Matrix.allocate(capacity, shape.textWidth());
        ids = new long[capacity];
        conceptIds = new int[capacity];
    }

    private Batch(Matrix images, Matrix texts, long[] ids, int[] conceptIds) {
        this.images = images;
        this.texts = texts;
        this.ids = ids;
        this.conceptIds = conceptIds;
        this.rows = ids.length;
    }

    /** Rows {@code from} to {@code from + count - 1} as they are now, sharing the memory of the features. */
    public Batch part(int from, int count) {
        Batch part = new Batch(
                images.rows(from, count),
                texts.rows(from, count),
                Arrays.copyOfRange(ids, from, from + count),
                Arrays.copyOfRange(conceptIds, from, from + count));
        if (tokens.rows() > 0) {
            for (int row = from; row < from + count; row++) {
                part.tokens.add(tokens.tokens(), tokens.start(row), tokens.end(row) - tokens.start(row));
            }
        }
        return part;
    }

    /** Starts a new slice of {@code rows} pairs; the bags are emptied, the rest is written over by the source. */
    public void start(int rows) {
        if (rows > ids.length) {
            throw new IllegalArgumentException(
                    "Cannot hold %d pairs: the batch has room for %d".formatted(rows, ids.length));
        }
        this.rows = rows;
        tokens.clear();
    }

    public int rows() {
        return rows;
    }

    /** Image features, capacity x imageWidth; rows past {@link #rows} are stale. */
    public Matrix images() {
        return images;
    }

    /** Text features, capacity x textWidth; no columns when texts are tokens. */
    public Matrix texts() {
        return texts;
    }

    public TokenBags tokens() {
        return tokens;
    }

    /** Row ids in the training set. */
    public long[] ids() {
        return ids;
    }

    /** Concept ids: equal for pairs of equal concept. */
    public int[] conceptIds() {
        return conceptIds;
    }

    public long bytes() {
        return 4L * (images.size() + texts.size());
    }
}
