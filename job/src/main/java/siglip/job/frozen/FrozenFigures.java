package siglip.job.frozen;

import java.util.List;
import java.util.Map;
import siglip.job.optimizer.ModelPart;
import siglip.job.stability.Curvature;
import siglip.job.stability.Estimate;
import siglip.job.stability.GradientNoise;

/**
 * All that was measured, a model at a time.
 *
 * @param pairs of a global batch, N
 * @param batches K
 */
public record FrozenFigures(int pairs, int batches, List<OfModel> models) {
    /** The name of all parts of a model together, without the scalars of the loss. */
    public static final String MODEL = "model";

    /** The names of what two losses have in common: the model, and each of its parts. */
    static final List<String> SHARED =
            List.of(MODEL, ModelPart.IMAGE_TOWER.id(), ModelPart.TEXT_TOWER.id(), ModelPart.TABLE.id());

    /**
     * Whose parameters: those of an arm at a checkpoint.
     *
     * @param checkpoint its path
     * @param step that it was taken after
     * @param scalars that the arm's loss has learned, as people are shown them
     * @param size length of its parameters, all towers and the table
     * @param meanLogitSlope length of the gradient of the mean logit: what the mean logit rises by a unit of its direction
     */
    public record OfModel(
            String checkpoint,
            long step,
            String arm,
            Map<String, Double> scalars,
            double size,
            double meanLogitSlope,
            List<OfLoss> losses,
            List<Angle> angles) {}

    /**
     * Whose gradient: that of a loss at these parameters.
     *
     * @param loss name of an arm of the settings
     * @param scalars that it was measured with, as people are shown them
     * @param value of the loss, in nats
     * @param noise by part: {@link #MODEL}, parts of it, scalars of the loss
     * @param commonCosine between the gradient and that of the mean logit
     * @param along curvature along the gradient
     * @param common curvature along the gradient of the mean logit
     */
    public record OfLoss(
            String loss,
            Map<String, Double> scalars,
            Estimate value,
            Map<String, GradientNoise> noise,
            Estimate commonCosine,
            Curvature along,
            Curvature common) {}

    /** The cosine of the angle between the expected gradients of two losses, by part. */
    public record Angle(String one, String other, Map<String, Estimate> cosine) {}
}
