package siglip.job.batches;

import java.io.Serializable;
import siglip.job.formats.DataException;
import siglip.job.order.EpochOrder;
import siglip.job.order.Slices;

/**
 * Which pairs make up which global batch, and which of them a rank takes: a function of these three numbers alone.
 *
 * <p>Batch s of an epoch is positions {@code s * batchSize} to {@code (s + 1) * batchSize - 1}; what is left at the end is dropped. With K texts an
 * image, positions {@code K * p} to {@code K * p + K - 1} are the row at position p of the {@link EpochOrder}, each time with another text. Rank r of D takes rows {@code floor(r * N / D)} to {@code floor((r + 1) * N / D) - 1} of the batch.
 *
 * @param rows of the training set, M
 * @param batchSize global batch, N pairs
 * @param textsPerImage texts of a row that a batch holds, K; divides N
 * @param seed of order and captions
 * @param epochs how much of an epoch is taken
 */
public record BatchPlan(long rows, int batchSize, int textsPerImage, long seed, Epochs epochs) implements Serializable {
    /** What batches an epoch has. */
    public enum Epochs {
        /** All that it fills: no pair comes twice before all have come. */
        WHOLE,
        /** The first alone: each batch is drawn from all pairs by an order of its own, whatever the others hold. */
        FIRST_BATCH
    }

    /** Of whole epochs. */
    public BatchPlan(long rows, int batchSize, int textsPerImage, long seed) {
        this(rows, batchSize, textsPerImage, seed, Epochs.WHOLE);
    }

    public BatchPlan {
        if (batchSize < 1) {
            throw new IllegalArgumentException("Cannot make batches of %d pairs".formatted(batchSize));
        }
        if (textsPerImage < 1 || batchSize % textsPerImage != 0) {
            throw new IllegalArgumentException(
                    "Cannot make batches of %d pairs with %d texts an image".formatted(batchSize, textsPerImage));
        }
        long pairs = rows * textsPerImage;
        if (pairs < batchSize) {
            throw new DataException(
                    "Cannot fill a global batch of %d pairs: the training set has %d. Set training.batch-size to at most %d, or add data"
                            .formatted(batchSize, pairs, pairs));
        }
    }

    /** Global batches in an epoch. */
    public long batchesPerEpoch() {
        return epochs == Epochs.FIRST_BATCH ? 1 : rows * textsPerImage / batchSize;
    }

    /** The epoch that a step falls into. */
    public long epoch(long step) {
        return step / batchesPerEpoch();
    }

    /** The first position of a step's global batch within its epoch. */
    public long position(long step) {
        return step % batchesPerEpoch() * batchSize;
    }

    /** The order of an epoch. */
    public EpochOrder order(long epoch) {
        return new EpochOrder(seed, epoch, rows);
    }

    /** How the ranks share the rows of a global batch. */
    public Slices slices(int ranks) {
        return new Slices(batchSize, ranks);
    }

    /** The row at a position, by the order of the position's epoch. */
    public long idAt(EpochOrder order, long position) {
        return order.idAt(position / textsPerImage);
    }

    /** The first position of a row, by the order of an epoch. */
    public long positionOf(EpochOrder order, long id) {
        return order.positionOf(id) * textsPerImage;
    }

    /** What is taken at a position of the texts of its row. */
    public CaptionDraw draw(long epoch, long position) {
        return new CaptionDraw(seed, epoch, (int) (position % textsPerImage), textsPerImage);
    }
}
