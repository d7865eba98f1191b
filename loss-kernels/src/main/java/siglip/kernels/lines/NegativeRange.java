package siglip.kernels.lines;

/**
 * The similarities of the hardest or the easiest negatives of a global batch: of so many that the share asked for is reached, and of no more than the pairs of one bin of the
 * {@link SimilarityHistogram} beyond it. Bins are not taken apart, so that pairs of equal similarity are kept or left together, however a batch is cut.
 *
 * @param least the smallest similarity
 * @param limit what all are below
 */
public record NegativeRange(float least, float limit) {
    /** Those with the greatest similarities. */
    public static NegativeRange hardest(SimilarityHistogram histogram, double share) {
        double wanted = share * negatives(histogram);
        double found = 0;
        int bin = SimilarityHistogram.BINS;
        while (bin > 0 && found < wanted) {
            bin--;
            found += histogram.count(bin);
        }
        return new NegativeRange(NegativeCounter.lowerEnd(bin), Float.POSITIVE_INFINITY);
    }

    /** Those with the smallest similarities. */
    public static NegativeRange easiest(SimilarityHistogram histogram, double share) {
        double wanted = share * negatives(histogram);
        double found = 0;
        int bin = 0;
        while (bin < SimilarityHistogram.BINS && found < wanted) {
            found += histogram.count(bin);
            bin++;
        }
        return new NegativeRange(Float.NEGATIVE_INFINITY, NegativeCounter.lowerEnd(bin));
    }

    private static double negatives(SimilarityHistogram histogram) {
        double sum = 0;
        for (int bin = 0; bin < SimilarityHistogram.BINS; bin++) {
            sum += histogram.count(bin);
        }
        return sum;
    }
}
