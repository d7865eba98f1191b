package siglip.job.losses;

import java.util.Map;

/**
 * A loss and its gradients in open_clip's scaling: divided by the number of pairs. Gradients are with respect to the
 * embeddings as given, and to the scalars as they are learned, t' = log t among them.
 *
 * @param loss in nats
 * @param solved scalars that the loss computes anew for each batch, by the names of what people are shown
 * @param scalarGradients by the names of the loss's scalars, in their order
 * @param imageGradientNorm Euclidean norm of the gradient of all image embeddings
 * @param textGradientNorm Euclidean norm of the gradient of all text embeddings
 */
public record LossResult(
        double loss,
        Map<String, Double> solved,
        Map<String, Double> scalarGradients,
        double imageGradientNorm,
        double textGradientNorm) {}
