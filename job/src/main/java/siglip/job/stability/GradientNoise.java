package siglip.job.stability;

/**
 * How much the gradient of one global batch of N pairs differs from that of another, at the same parameters.
 *
 * <p>A contrastive loss couples the pairs of its batch, so that its expected gradient G depends on N, and V is no sum over pairs: the noise scale is
 * that of batches of N, and says nothing about other N.
 *
 * @param meanSquare |mean of K gradients|^2 as it is, which noise makes too large
 * @param square |G|^2 of the expected gradient, unbiased; where its interval is not above 0, K batches do not resolve G
 * @param variance V, the trace of the covariance of one batch's gradient
 * @param noiseScale B_simple = N V / |G|^2 in pairs: {@link Estimate#NONE} where that is not resolved
 * @param naiveNoiseScale N V / |mean|^2, which cannot exceed about K N, whatever the truth
 * @param cosine mean cosine of the gradients of two different batches
 * @see <a href="https://arxiv.org/abs/1812.06162">McCandlish et al. 2018</a>, appendix A
 */
public record GradientNoise(
        double meanSquare,
        Estimate square,
        Estimate variance,
        Estimate noiseScale,
        double naiveNoiseScale,
        Estimate cosine) {
    /**
     * @param gradients inner products of the gradients with themselves
     * @param directions the same of the gradients divided by their lengths
     * @param pairs of a batch, N
     */
    public static GradientNoise of(InnerProducts gradients, InnerProducts directions, int pairs) {
        int k = gradients.batches();
        double variance = gradients.covariance();
        Estimate square = Jackknife.interval(gradients.product(), k, gradients::productWithout);
        Estimate signal = Jackknife.interval(
                gradients.product() / variance, k, i -> gradients.productWithout(i) / gradients.covarianceWithout(i));
        return new GradientNoise(
                gradients.ofMeans(),
                square,
                Jackknife.interval(variance, k, gradients::covarianceWithout),
                square.isPositive() ? signal.inverse(pairs) : Estimate.NONE,
                pairs * variance / gradients.ofMeans(),
                Jackknife.interval(directions.product(), k, directions::productWithout)
                        .within(-1, 1));
    }

    /** Whether K batches tell the expected gradient from none. */
    public boolean isResolved() {
        return square.isPositive();
    }

    /**
     * The cosine of the angle between the expected gradients of two losses, without the noise that their means on the same batches have in common.
     *
     * @param both inner products of one loss's gradients with the other's
     * @return {@link Estimate#NONE} where one of the two is not resolved
     */
    public static Estimate cosine(InnerProducts one, InnerProducts both, InnerProducts other) {
        int k = both.batches();
        boolean resolved = Jackknife.interval(one.product(), k, one::productWithout)
                        .isPositive()
                && Jackknife.interval(other.product(), k, other::productWithout).isPositive();
        return resolved
                ? Jackknife.interval(
                                cosine(both.product(), one.product(), other.product()),
                                k,
                                i -> cosine(both.productWithout(i), one.productWithout(i), other.productWithout(i)))
                        .within(-1, 1)
                : Estimate.NONE;
    }

    /**
     * The cosine of the angle between the expected gradient and a direction that is given.
     *
     * @param gradients inner products of the gradients with themselves
     * @param along of each batch, the gradient's component along the direction
     * @return {@link Estimate#NONE} where the gradient is not resolved
     */
    public static Estimate cosine(InnerProducts gradients, double... along) {
        int k = gradients.batches();
        double sum = 0;
        for (double each : along) {
            sum += each;
        }
        double total = sum;
        if (!Jackknife.interval(gradients.product(), k, gradients::productWithout)
                .isPositive()) {
            return Estimate.NONE;
        }
        return Jackknife.interval(
                        total / k / Math.sqrt(gradients.product()),
                        k,
                        i -> (total - along[i]) / (k - 1) / Math.sqrt(gradients.productWithout(i)))
                .within(-1, 1);
    }

    private static double cosine(double both, double one, double other) {
        return both / Math.sqrt(one * other);
    }
}
