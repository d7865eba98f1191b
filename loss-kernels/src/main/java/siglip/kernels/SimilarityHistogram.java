package siglip.kernels;

import java.nio.DoubleBuffer;
import siglip.kernels.blas.MatrixProducts;

/**
 * How the similarities of a global batch are distributed: of each bin, {@code 2^-12} wide, the number of pairs in it and the sum of their
 * similarities; negatives and positives apart, masked pairs not at all. Bins go from -1 to 1, and the first and the last also take what lies beyond.
 * Which pair falls into which bin depends on its similarity alone, so counts are the same however a batch is cut.
 */
public final class SimilarityHistogram extends MergedLines {
    /** Bins of the negatives, and as many of the positives. */
    static final int BINS = 8192;

    /** Bins from a similarity of 0 to one of 1. */
    static final int BINS_PER_UNIT = BINS / 2;

    /** Lines: the bins of the negatives, then those of the positives. */
    public static final int LINES = 2 * BINS;

    /** Doubles to a line. */
    public static final int FIELDS = 2;

    private static final int COUNT = 0;
    private static final int SUM = 1;

    /** @param lines {@link #LINES}, or fewer for a part on its way */
    public SimilarityHistogram(int lines) {
        super(lines, FIELDS);
    }

    @Override
    void mergeFields(int at, DoubleBuffer from) {
        for (int field = at; from.hasRemaining(); field++) {
            fields[field] += from.get();
        }
    }

    /** The bin of a similarity; what is not a number goes into the first, whose sum shows it. */
    private static int bin(double similarity) {
        int bin = (int) (similarity * BINS_PER_UNIT + BINS_PER_UNIT); // exact, and rounded down from 0 on
        return Math.max(0, Math.min(BINS - 1, bin));
    }

    /** The lower end of a bin. */
    static double edge(int bin) {
        return (bin - BINS_PER_UNIT) / (double) BINS_PER_UNIT;
    }

    /** Counts pairs as negatives. */
    void addNegatives(float[] similarities, int from, int count) {
        for (int i = from; i < from + count; i++) {
            double similarity = similarities[i];
            int at = FIELDS * bin(similarity);
            fields[at + COUNT]++;
            fields[at + SUM] += similarity;
        }
    }

    /** Takes back a pair that was counted as a negative and is none. */
    void removeNegative(double similarity) {
        int at = FIELDS * bin(similarity);
        fields[at + COUNT]--;
        fields[at + SUM] -= similarity;
    }

    void addPositive(double similarity) {
        int at = FIELDS * (BINS + bin(similarity));
        fields[at + COUNT]++;
        fields[at + SUM] += similarity;
    }

    /** Pairs of a line. */
    double count(int line) {
        return fields[FIELDS * line + COUNT];
    }

    /** The mean similarity of a line's pairs, of which there must be some. */
    double mean(int line) {
        return fields[FIELDS * line + SUM] / fields[FIELDS * line + COUNT];
    }

    /** The first of two passes over the logits, for losses that must know how similarities are distributed before they have a gradient. */
    public static final class Pass {
        private final Tiles tiles;
        private final Workspace workspace;

        Pass(MatrixProducts products, Workspace workspace) {
            tiles = new Tiles(products, workspace);
            this.workspace = workspace;
        }

        /** Adds the m x n similarities of a block. */
        public void accumulate(PairBlock pairs, SimilarityHistogram histogram) {
            SpecialPairs special = workspace.special;
            tiles.each(pairs, (tile, row, column) -> {
                int width = tile.columns();
                workspace.readRows(tile, (i, values, from) -> histogram.addNegatives(values, from, width));
                for (int k = 0; k < special.positiveCount(); k++) {
                    double similarity = tile.get(special.positive(k));
                    histogram.removeNegative(similarity);
                    histogram.addPositive(similarity);
                }
                for (int k = 0; k < special.maskedCount(); k++) {
                    histogram.removeNegative(tile.get(special.masked(k)));
                }
            });
        }
    }
}
