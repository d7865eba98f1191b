package siglip.kernels.lines;

/**
 * Counts negatives for a {@link SimilarityHistogram}, at one addition to memory a pair: the number of pairs of a bin is the upper half of a {@code long}, the lower
 * half adds up how far similarities lie above the lower edge, in steps of {@code 2^-21}. A similarity is rounded to the nearest step, the only
 * error; counts and steps are whole numbers, so their sums do not depend on the order. What lies beyond -1 and 1, and what is not a number, goes to the
 * histogram as it is.
 */
public final class NegativeCounter {
    private static final int STEP_BITS = 9; // of a bin
    private static final float STEPS_PER_UNIT = SimilarityHistogram.BINS_PER_UNIT << STEP_BITS;

    /** Adding it leaves a whole number in the low bits of a {@code float}. */
    private static final float ROUND = 12582912f; // 1.5 * 2^23

    /** The bits of what -1 becomes. */
    private static final int FIRST = Float.floatToRawIntBits(ROUND) - (int) STEPS_PER_UNIT;

    private static final int STEPS = (1 << STEP_BITS) - 1;
    private static final long ONE = 1L << 32;

    /** Pairs whose steps always have room in the lower half. */
    private static final long MOST = ONE >> STEP_BITS;

    private long[] bins = new long[0];
    private long pairs;

    /** Counts similarities. */
    public void add(float[] similarities, int from, int count, SimilarityHistogram histogram) {
        if (bins.length == 0) {
            bins = new long[SimilarityHistogram.BINS];
        }
        if (pairs + count > MOST) {
            flush(histogram);
        }
        pairs += count;
        long[] counts = bins;
        for (int i = from; i < from + count; i++) {
            float similarity = similarities[i];
            int step = step(similarity);
            int bin = step >> STEP_BITS;
            if (bin >= 0 && bin < counts.length) {
                counts[bin] += ONE + (step & STEPS);
            } else {
                histogram.addNegatives(SimilarityHistogram.bin(similarity), 1, similarity);
            }
        }
    }

    /** Takes back a pair that was counted, now or before the last flush, and is no negative. */
    public void remove(float similarity, SimilarityHistogram histogram) {
        int step = step(similarity);
        int bin = step >> STEP_BITS;
        if (bin >= 0 && bin < SimilarityHistogram.BINS) {
            histogram.addNegatives(bin, -1, -sum(bin, 1, step & STEPS));
        } else {
            histogram.addNegatives(SimilarityHistogram.bin(similarity), -1, -similarity);
        }
    }

    /** The sum of so many similarities in a bin: exact in {@code double}, and so is taking them away. */
    private static double sum(int bin, double count, double steps) {
        return count * SimilarityHistogram.edge(bin) + steps / STEPS_PER_UNIT;
    }

    /** From 0 at -1; outside of the bins below -1, from 1 on, and where it is not a number. */
    private static int step(float similarity) {
        return Float.floatToRawIntBits(similarity * STEPS_PER_UNIT + ROUND) - FIRST;
    }

    /** The smallest similarity that is counted in a bin: half a step below its edge, which is rounded up. The outermost bins have no outer end. */
    static float lowerEnd(int bin) {
        if (bin <= 0) {
            return Float.NEGATIVE_INFINITY;
        }
        if (bin >= SimilarityHistogram.BINS) {
            return Float.POSITIVE_INFINITY;
        }
        return (float) (SimilarityHistogram.edge(bin) - 0.5 / STEPS_PER_UNIT); // exact: 23 bits
    }

    /** Hands over all that was counted. */
    public void flush(SimilarityHistogram histogram) {
        for (int bin = 0; bin < bins.length; bin++) {
            if (bins[bin] != 0) {
                double count = bins[bin] >>> 32;
                histogram.addNegatives(bin, count, sum(bin, count, (double) (bins[bin] & (ONE - 1))));
                bins[bin] = 0;
            }
        }
        pairs = 0;
    }

    /** What it holds once it has counted. */
    public static long bytes() {
        return (long) Long.BYTES * SimilarityHistogram.BINS;
    }

    /** What it holds. */
    public long held() {
        return (long) Long.BYTES * bins.length;
    }
}
