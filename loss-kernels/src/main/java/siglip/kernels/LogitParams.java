package siglip.kernels;

import java.io.Serializable;

/**
 * The two scalars the loss learns.
 *
 * @param logScale natural logarithm of the logit scale: {@code t'} in the paper
 * @param bias added to every scaled similarity: {@code b} in the paper; 0 for the softmax loss
 */
public record LogitParams(double logScale, double bias) implements Serializable {
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
}
