package siglip.job.figures;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import siglip.job.comparison.ArmResult;
import siglip.job.config.TrainingSettings;
import siglip.job.stability.LocalLevel;
import siglip.job.stability.Statistics;
import siglip.job.stage.RankStep;
import siglip.job.training.StepRecord;

/**
 * What the metrics of an arm are computed from.
 *
 * @param loss each step's against those just before it
 * @param norm the same of the gradient norms
 */
record ArmRun(ArmResult result, TrainingSettings training, StepTimes times, LocalLevel loss, LocalLevel norm) {
    static ArmRun of(ArmResult result, TrainingSettings training, StepTimes times) {
        return new ArmRun(
                result,
                training,
                times,
                LocalLevel.of(result.values(StepRecord::loss)),
                LocalLevel.of(result.values(StepRecord::gradientNorm)));
    }

    List<StepRecord> steps() {
        return result.steps();
    }

    /** One value a step, in order. */
    double[] values(ToDoubleFunction<StepRecord> value) {
        return result.values(value);
    }

    double count(Predicate<StepRecord> which) {
        return (double) steps().stream().filter(which).count();
    }

    double[] norms() {
        return values(StepRecord::gradientNorm);
    }

    double[] normsAfterWarmup() {
        return steps().stream()
                .filter(step -> step.step() >= result.arm().optimizer().warmupSteps())
                .mapToDouble(StepRecord::gradientNorm)
                .toArray();
    }

    /** Of the steps after the start, each value over its local median. */
    double[] settled(LocalLevel level) {
        return level.ratios(startSteps(), Integer.MAX_VALUE);
    }

    /** The same of the steps of the start, at which there are few earlier ones. */
    double[] starting(LocalLevel level) {
        return level.ratios(0, startSteps());
    }

    /** Steps that make the start: the warm-up, and as many as a spike needs before it. */
    int startSteps() {
        return (int) Math.max(
                Statistics.SHORTEST_WINDOW, Math.min(result.arm().optimizer().warmupSteps(), Integer.MAX_VALUE));
    }

    /** How many steps make the end of the run. */
    int lastSteps() {
        return Math.max(1, Math.min(100, steps().size() / 20));
    }

    /** NaN for an arm that stopped: its last steps are no end. */
    double meanOfLast(ToDoubleFunction<StepRecord> value) {
        return result.stopped().isPresent() ? Double.NaN : Statistics.meanOfLast(lastSteps(), values(value));
    }

    /** The value of the last step; NaN without steps. */
    double last(ToDoubleFunction<StepRecord> value) {
        return steps().isEmpty() ? Double.NaN : value.applyAsDouble(steps().get(steps().size() - 1));
    }

    /** How far a value has moved over the last quarter of the steps; NaN without steps. */
    double lastQuarter(ToDoubleFunction<StepRecord> value) {
        return steps().isEmpty() ? Double.NaN : last(value) - value.applyAsDouble(steps().get(steps().size() * 3 / 4));
    }

    int spikeWindow() {
        return Statistics.spikeWindow(steps().size());
    }

    double medianSeconds() {
        return Statistics.median(values(StepRecord::seconds));
    }

    /** Median over the steps of the mean over the ranks. */
    double medianOverSteps(ToDoubleFunction<RankStep> value) {
        return Statistics.median(values(
                step -> step.ranks().stream().mapToDouble(value).average().orElse(Double.NaN)));
    }
}
