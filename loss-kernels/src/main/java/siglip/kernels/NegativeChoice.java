package siglip.kernels;

import java.util.Arrays;

/** Leaves out of a tile's rows the negatives that do not count: those not drawn, or not of a similarity within the batch's range. */
final class NegativeChoice {
    private final ElementwiseKernel.Negatives kernel;
    private final int tile;
    private int[] columnKeys = new int[0];
    private final double[] kept = new double[ElementwiseKernel.PRESENT_SUMS];
    private PairLabels labels = PairLabels.diagonal(0);
    private GlobalBatch batch = GlobalBatch.of(1, 0, 0);
    private boolean all;
    private double drawn;

    NegativeChoice(ElementwiseKernel kernel, int tile) {
        this.kernel = kernel.negatives();
        this.tile = tile;
    }

    /** Turns to another block. */
    void begin(PairBlock pairs) {
        all = pairs.form().keptNegatives() == 1;
        drawn = pairs.form().get(LossOption.RANDOM_NEGATIVES);
        if (drawn < 1 && columnKeys.length == 0) {
            columnKeys = new int[tile];
        }
        batch = pairs.batch();
        labels = pairs.labels();
        Arrays.fill(kept, 0);
    }

    boolean isAll() {
        return all;
    }

    /** Turns to the tile whose first text is the block's {@code column}. */
    void columns(int column, int count) {
        if (drawn < 1) {
            for (int j = 0; j < count; j++) {
                columnKeys[j] = batch.textKey(labels.firstText() + column + j);
            }
        }
    }

    /** Puts {@code absent} in the place of negatives that do not count. What is absent already stays so. */
    void apply(float[] values, int from, int count, int row, float absent) {
        if (drawn < 1) {
            int key = batch.imageKey(labels.firstImage() + row);
            kernel.keepDrawn(values, from, count, key, columnKeys, (float) drawn, absent);
        } else {
            kernel.keepWithin(values, from, count, batch.least(), batch.limit(), absent);
        }
        kernel.addPresent(values, from, count, kept);
    }

    /** How many were left. */
    long kept() {
        return Math.round(kept[ElementwiseKernel.PRESENT]);
    }

    /** The sum of the similarities of what was left. */
    double similarities() {
        return kept[ElementwiseKernel.PRESENT_SIMILARITY];
    }

    Footprint footprint() {
        return new Footprint(0, (long) Integer.BYTES * columnKeys.length);
    }

    static Footprint footprint(BlockShape shape) {
        return new Footprint(0, (long) Integer.BYTES * shape.tile());
    }
}
