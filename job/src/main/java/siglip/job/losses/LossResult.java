package siglip.job.losses;

/**
 * A loss and its gradients in open_clip's scaling: divided by the number of pairs. Gradients are with respect to the
 * embeddings as given, t' = log t, and b.
 *
 * @param loss in nats
 * @param logScaleGradient with respect to t'
 * @param biasGradient with respect to b; 0 for softmax
 * @param imageGradientNorm Euclidean norm of the gradient of all image embeddings
 * @param textGradientNorm Euclidean norm of the gradient of all text embeddings
 */
public record LossResult(
        double loss, double logScaleGradient, double biasGradient, double imageGradientNorm, double textGradientNorm) {}
