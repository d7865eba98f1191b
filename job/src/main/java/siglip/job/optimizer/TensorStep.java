package siglip.job.optimizer;

import java.io.Serializable;

/**
 * What one update was to one tensor: weights or biases of a layer, or the touched rows of the table.
 *
 * @param tensor its name: {@code image.1.weights}
 * @param gradientNorm Euclidean, before clipping
 * @param parameterNorm Euclidean, before the update
 * @param updateNorm Euclidean norm of what the update added, weight decay and all
 * @param rmsRatio {@code sqrt(mean(g^2 / max(v, epsilon^2)))}, with the second moment v after the update and without bias: about 1 while v keeps up with
 *     the gradient g, more where it is behind; NaN if the optimizer has no second moment
 * @see <a href="https://arxiv.org/abs/2304.13013">Wortsman et al. 2023</a>, {@code RMS_t} in section 3.4
 */
public record TensorStep(String tensor, double gradientNorm, double parameterNorm, double updateNorm, double rmsRatio)
        implements Serializable {
    /** How far the update moved the tensor, as a share of its size; NaN for one that is all 0. */
    public double updateRatio() {
        return parameterNorm == 0 ? Double.NaN : updateNorm / parameterNorm;
    }
}
