package siglip.kernels.lines;

import java.nio.DoubleBuffer;

/**
 * How the similarities of a global batch are distributed: of each bin, {@code 2^-12} wide, the number of pairs in it and the sum of their
 * similarities; negatives and positives apart, masked pairs not at all. Bins go from -1 to 1, and the first and the last also take what lies beyond.
 * Which pair falls into which bin depends on its similarity alone, so counts are the same however a batch is cut.
 */
public final class SimilarityHistogram extends MergedLines {
    /** Bins of the negatives, and as many of the positives. */
    static final int BINS = 8192;

    /** Bins from a similarity of 0 to one of 1. */
    public static final int BINS_PER_UNIT = BINS / 2;

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
    static int bin(double similarity) {
        int bin = (int) (similarity * BINS_PER_UNIT + BINS_PER_UNIT); // exact, and rounded down from 0 on
        return Math.max(0, Math.min(BINS - 1, bin));
    }

    /** The lower end of a bin. */
    static double edge(int bin) {
        return (bin - BINS_PER_UNIT) / (double) BINS_PER_UNIT;
    }

    /** Adds pairs to the negatives of a bin, whose similarities have that sum. */
    void addNegatives(int bin, double count, double sum) {
        fields[FIELDS * bin + COUNT] += count;
        fields[FIELDS * bin + SUM] += sum;
    }

    /** Adds a pair to the positives. */
    public void addPositive(double similarity) {
        int at = FIELDS * (BINS + bin(similarity));
        fields[at + COUNT]++;
        fields[at + SUM] += similarity;
    }

    /** Pairs of a line. */
    public double count(int line) {
        return fields[FIELDS * line + COUNT];
    }

    /** The mean similarity of a line's pairs, of which there must be some. */
    public double mean(int line) {
        return fields[FIELDS * line + SUM] / fields[FIELDS * line + COUNT];
    }
}
