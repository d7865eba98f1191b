package siglip.job.training;

import java.io.Serializable;
import java.util.List;
import java.util.Map;
import siglip.job.losses.LossSpec;
import siglip.job.optimizer.Gradient;
import siglip.job.optimizer.TensorStep;
import siglip.job.stage.RankStep;
import siglip.kernels.LossScalar;
import siglip.kernels.LossSums;

/**
 * What one step of one arm was, as the driver saw it: a line of {@code steps.jsonl}. All values are means over the global
 * batch where the paper's are (loss and gradients divided by N), and of the parameters before the step's update.
 *
 * @param arm name of the arm
 * @param step number of the global batch, from 0
 * @param attempt the try at the segment that completed it
 * @param loss in nats
 * @param constantLoss what the loss of the best constant predictor is on this batch; NaN if that is not known
 * @param gradientNorm Euclidean, over towers, table rows and scalars, before clipping
 * @param towerGradientNorm the same over towers and table rows alone: what clipping looks at
 * @param scalars of the loss, as people are shown them: {@code scale}, {@code bias}
 * @param scalarGradients with respect to the scalars as they are learned: {@code log_scale}, {@code bias}
 * @param learningRate of towers and table
 * @param clipped whether the gradient was scaled down
 * @param positiveLogit mean logit of the positive pairs
 * @param minPositiveLogit smallest of them
 * @param maxPositiveLogit largest of them
 * @param negativeLogit mean logit of the negative pairs
 * @param seconds of the whole step, on the driver's clock
 * @param driverSeconds aggregating, optimizer and sending, of those
 * @param tensors what the update was to each tensor of towers and table; empty in steps that were not measured
 * @param ranks what each rank did, in rank order
 */
public record StepRecord(
        String arm,
        long step,
        int attempt,
        double loss,
        double constantLoss,
        double gradientNorm,
        double towerGradientNorm,
        Map<String, Double> scalars,
        Map<String, Double> scalarGradients,
        double learningRate,
        boolean clipped,
        double positiveLogit,
        double minPositiveLogit,
        double maxPositiveLogit,
        double negativeLogit,
        double seconds,
        double driverSeconds,
        List<TensorStep> tensors,
        List<RankStep> ranks)
        implements Serializable {

    /** Records of programs that did not know these three lack them. */
    public StepRecord {
        constantLoss = constantLoss > 0 ? constantLoss : Double.NaN;
        tensors = tensors == null ? List.of() : List.copyOf(tensors);
        towerGradientNorm = towerGradientNorm == 0 ? withoutScalars(gradientNorm, scalarGradients) : towerGradientNorm;
    }

    private static double withoutScalars(double whole, Map<String, Double> scalars) {
        return Math.sqrt(Math.max(0, whole * whole - squares(scalars)));
    }

    private static double squares(Map<String, Double> scalars) {
        return scalars.values().stream().mapToDouble(g -> g * g).sum();
    }

    /** Euclidean norm of the gradient with respect to the scalars of the loss. */
    public double scalarGradientNorm() {
        return Math.sqrt(squares(scalarGradients));
    }

    /** A step of an arm as its gradient was assembled, without its times. */
    static StepRecord of(
            ArmState arm,
            LossSums sums,
            int pairs,
            Gradient gradient,
            long step,
            int attempt,
            double learningRate,
            boolean clipped) {
        return new StepRecord(
                arm.arm().name(),
                step,
                attempt,
                sums.loss / pairs,
                LossSpec.of(arm.arm().form())
                        .constantLoss(pairs, sums.positives, sums.negatives)
                        .orElse(Double.NaN),
                gradient.wholeNorm(),
                gradient.norm(),
                arm.scalars().shown(),
                arm.arm().loss().named(gradient.scalars),
                learningRate,
                clipped,
                sums.positiveLogits / sums.positives,
                sums.minPositiveLogit,
                sums.maxPositiveLogit,
                sums.negativeLogits / sums.negatives,
                0,
                0,
                List.of(),
                List.of());
    }

    /** A scalar of the loss as people are shown it; NaN if the loss has no such scalar. */
    public double scalar(LossScalar scalar) {
        return scalars.getOrDefault(scalar.shownName(), Double.NaN);
    }

    /** Whether the loss and the gradient are numbers; if not, the arm stopped here. */
    public boolean finite() {
        return Double.isFinite(loss) && Double.isFinite(gradientNorm);
    }

    /** The same step with what its update was to each tensor. */
    StepRecord measured(List<TensorStep> measures) {
        return with(seconds, driverSeconds, measures, ranks);
    }

    /** The same step once its times are known. */
    public StepRecord timed(double whole, double ofDriver, List<RankStep> reported) {
        return with(whole, ofDriver, tensors, reported);
    }

    private StepRecord with(double whole, double ofDriver, List<TensorStep> measures, List<RankStep> reported) {
        return new StepRecord(
                arm,
                step,
                attempt,
                loss,
                constantLoss,
                gradientNorm,
                towerGradientNorm,
                scalars,
                scalarGradients,
                learningRate,
                clipped,
                positiveLogit,
                minPositiveLogit,
                maxPositiveLogit,
                negativeLogit,
                whole,
                ofDriver,
                measures,
                reported);
    }
}
