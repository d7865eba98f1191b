package siglip.job.figures;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.function.ToDoubleFunction;
import siglip.job.optimizer.TensorStep;
import siglip.job.stability.LocalLevel;
import siglip.job.stability.SpikeLead;
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
 * @param lead how often it was large before the loss spiked
 */
public record TensorFigures(
        double gradientNorm,
        double gradientNormAtStart,
        double gradientNormAtEnd,
        double updateRatio,
        double largestUpdateRatio,
        double largestRmsRatio,
        SpikeLead lead) {

    /** By the tensors' names, in their order. */
    static Map<String, TensorFigures> of(List<StepRecord> steps, LocalLevel loss) {
        Map<String, NavigableMap<Long, TensorStep>> byName = new LinkedHashMap<>();
        for (StepRecord step : steps) {
            for (TensorStep tensor : step.tensors()) {
                byName.computeIfAbsent(tensor.tensor(), name -> new TreeMap<>()).put(step.step(), tensor);
            }
        }
        Map<String, TensorFigures> figures = new LinkedHashMap<>();
        byName.forEach((name, measured) -> figures.put(name, ofOne(measured, loss)));
        return figures;
    }

    private static TensorFigures ofOne(NavigableMap<Long, TensorStep> measured, LocalLevel loss) {
        List<TensorStep> steps = List.copyOf(measured.values());
        NavigableMap<Long, Double> ratios = new TreeMap<>();
        measured.forEach((step, tensor) -> ratios.put(step, tensor.rmsRatio()));
        int tenth = Math.max(1, steps.size() / 10);
        return new TensorFigures(
                median(steps, TensorStep::gradientNorm),
                median(steps.subList(0, tenth), TensorStep::gradientNorm),
                median(steps.subList(steps.size() - tenth, steps.size()), TensorStep::gradientNorm),
                median(steps, TensorStep::updateRatio),
                Statistics.quantile(1, values(steps, TensorStep::updateRatio)),
                Statistics.quantile(1, values(steps, TensorStep::rmsRatio)),
                SpikeLead.of(loss, Statistics.SHORTEST_WINDOW, ratios));
    }

    private static double median(List<TensorStep> steps, ToDoubleFunction<TensorStep> value) {
        return Statistics.median(values(steps, value));
    }

    private static double[] values(List<TensorStep> steps, ToDoubleFunction<TensorStep> value) {
        return steps.stream().mapToDouble(value).toArray();
    }
}
