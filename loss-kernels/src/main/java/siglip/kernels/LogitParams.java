package siglip.kernels;

/**
 * What makes logits of similarities: the part of {@link LossScalars} that the kernels compute with.
 *
 * @param logScale natural logarithm of the logit scale: {@code t'} in the paper
 * @param bias added to every scaled similarity: {@code b} in the paper; 0 for a loss without one
 */
public record LogitParams(double logScale, double bias) {
    public LogitParams {
        if (!Double.isFinite(logScale) || !Double.isFinite(bias)) {
            throw new IllegalArgumentException(
                    "Cannot continue with logScale=%s, bias=%s: training has diverged".formatted(logScale, bias));
        }
    }

    /** The factor applied to a similarity, {@code exp(logScale)}: {@code logit_scale} in open_clip. */
    public double scale() {
        return Math.exp(logScale);
    }

    /** The logit of a pair, given the similarity of its embeddings. */
    double of(double similarity) {
        return scale() * similarity + bias;
    }
}
