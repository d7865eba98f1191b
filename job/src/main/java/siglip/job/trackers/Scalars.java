package siglip.job.trackers;

import java.util.LinkedHashMap;
import java.util.Map;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.optimizer.TensorStep;
import siglip.job.stability.PairFigure;
import siglip.job.stage.Phase;
import siglip.job.training.StepRecord;

/**
 * All numbers of a step or an evaluation by names that trackers show, such as {@code step/loss}: what stands before the slash is a group, and the
 * rest is named as in {@code steps.jsonl} and {@code metrics.json}. What there is not is left out.
 */
final class Scalars {
    private Scalars() {}

    static Map<String, Double> of(StepRecord step) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        numbers.put("step/loss", step.loss()); // these two also if they are no numbers: that ended the arm
        numbers.put("step/gradient_norm", step.gradientNorm());
        put(numbers, "step/constant_loss", step.constantLoss());
        put(numbers, "step/tower_gradient_norm", step.towerGradientNorm());
        put(numbers, "step/learning_rate", step.learningRate());
        put(numbers, "step/clipped", step.clipped() ? 1 : 0);
        step.scalars().forEach((name, value) -> put(numbers, "scalars/" + name, value));
        step.scalarGradients().forEach((name, value) -> put(numbers, "scalar_gradients/" + name, value));
        put(numbers, "logits/positive", step.positiveLogit());
        put(numbers, "logits/min_positive", step.minPositiveLogit());
        put(numbers, "logits/max_positive", step.maxPositiveLogit());
        put(numbers, "logits/negative", step.negativeLogit());
        for (TensorStep tensor : step.tensors()) {
            put(numbers, "tensor_gradient_norm/" + tensor.tensor(), tensor.gradientNorm());
            put(numbers, "tensor_parameter_norm/" + tensor.tensor(), tensor.parameterNorm());
            put(numbers, "tensor_update_norm/" + tensor.tensor(), tensor.updateNorm());
            put(numbers, "tensor_update_ratio/" + tensor.tensor(), tensor.updateRatio());
            put(numbers, "tensor_rms_ratio/" + tensor.tensor(), tensor.rmsRatio());
        }
        put(numbers, "seconds/step", step.seconds());
        put(numbers, "seconds/driver_of_step", step.driverSeconds());
        for (Phase phase : Phase.values()) {
            double mean = step.ranks().stream()
                    .mapToDouble(rank -> rank.seconds().get(phase))
                    .average()
                    .orElse(Double.NaN);
            put(numbers, "seconds/" + phase.key(), mean);
        }
        return numbers;
    }

    static Map<String, Double> of(Evaluation evaluation) {
        String set = evaluation.set().key() + "/";
        Map<String, Double> numbers = new LinkedHashMap<>();
        for (Direction direction : Direction.values()) {
            for (RetrievalMetric metric : RetrievalMetric.values()) {
                put(
                        numbers,
                        "%s%s.%s".formatted(set, direction.key(), metric.key()),
                        evaluation.score(direction).get(metric));
            }
        }
        evaluation.classAccuracy().forEach((column, share) -> put(numbers, set + "class_accuracy." + column, share));
        for (PairFigure figure : PairFigure.values()) {
            put(numbers, set + "pairs." + figure.key(), evaluation.pairs().getOrDefault(figure, Double.NaN));
            put(
                    numbers,
                    set + "training_pairs." + figure.key(),
                    evaluation.trainingPairs().getOrDefault(figure, Double.NaN));
        }
        return numbers;
    }

    private static void put(Map<String, Double> numbers, String name, double value) {
        if (!Double.isNaN(value)) {
            numbers.put(name, value);
        }
    }
}
