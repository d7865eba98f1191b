package siglip.job.comparison;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.ToDoubleFunction;
import siglip.job.config.LossSettings;
import siglip.job.evaluation.Evaluation;
import siglip.job.training.StepRecord;

/**
 * One arm, from its first step to its last.
 *
 * @param arm its loss and start
 * @param starts scalars of the loss at the start, as people are shown them
 * @param steps one record a completed step, in order
 * @param evaluations in order of steps
 * @param stopped why the arm ended before its last step, if it did: loss or gradient not finite, named with the step
 * @param peakRankBytes largest accounted memory of a rank for this arm: parameters, gradients, activations, blocks, tiles
 * @param openClipBytesPerStep what open_clip would send for the same step and rank count, per rank
 */
public record ArmResult(
        LossSettings.Arm arm,
        Map<String, Double> starts,
        List<StepRecord> steps,
        List<Evaluation> evaluations,
        Optional<String> stopped,
        long peakRankBytes,
        long openClipBytesPerStep) {

    /** One value a step, in order. */
    public double[] values(ToDoubleFunction<StepRecord> value) {
        return steps.stream().mapToDouble(value).toArray();
    }
}
