package siglip.job.figures;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.ToDoubleFunction;
import siglip.job.optimizer.TensorStep;
import siglip.job.stability.Statistics;
import siglip.job.training.StepRecord;

/**
 * How one tensor of an arm trained, over the steps that were measured.
 *
 * @param gradientNorm median of its gradient's norm
 * @param gradientNormAtStart over the first tenth of those steps, at least one
 * @param gradientNormAtEnd over the last tenth: far below that of the start where a gradient vanishes, far above where it explodes
 * @param updateRatio median of |update| / |parameters|
 * @param largestUpdateRatio the largest
 * @param largestRmsRatio the largest, see {@link TensorStep#rmsRatio}; NaN without a second moment
 */
public record TensorFigures(
        double gradientNorm,
        double gradientNormAtStart,
        double gradientNormAtEnd,
        double updateRatio,
        double largestUpdateRatio,
        double largestRmsRatio) {

    /** By the tensors' names, in their order. */
    static Map<String, TensorFigures> of(List<StepRecord> steps) {
        Map<String, List<TensorStep>> byName = new LinkedHashMap<>();
        for (StepRecord step : steps) {
            for (TensorStep tensor : step.tensors()) {
                byName.computeIfAbsent(tensor.tensor(), name -> new ArrayList<>())
                        .add(tensor);
            }
        }
        Map<String, TensorFigures> figures = new LinkedHashMap<>();
        byName.forEach((name, measured) -> figures.put(name, ofOne(measured)));
        return figures;
    }

    private static TensorFigures ofOne(List<TensorStep> steps) {
        int tenth = Math.max(1, steps.size() / 10);
        return new TensorFigures(
                median(steps, TensorStep::gradientNorm),
                median(steps.subList(0, tenth), TensorStep::gradientNorm),
                median(steps.subList(steps.size() - tenth, steps.size()), TensorStep::gradientNorm),
                median(steps, TensorStep::updateRatio),
                Statistics.quantile(1, values(steps, TensorStep::updateRatio)),
                Statistics.quantile(1, values(steps, TensorStep::rmsRatio)));
    }

    private static double median(List<TensorStep> steps, ToDoubleFunction<TensorStep> value) {
        return Statistics.median(values(steps, value));
    }

    private static double[] values(List<TensorStep> steps, ToDoubleFunction<TensorStep> value) {
        return steps.stream().mapToDouble(value).toArray();
    }
}
