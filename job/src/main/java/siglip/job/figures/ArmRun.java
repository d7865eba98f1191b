package siglip.job.figures;

import java.util.List;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;
import siglip.job.comparison.ArmResult;
import siglip.job.config.TrainingSettings;
import siglip.job.stability.Statistics;
import siglip.job.stage.RankStep;
import siglip.job.training.StepRecord;

/** What the metrics of an arm are computed from. */
record ArmRun(ArmResult result, TrainingSettings training, StepTimes times) {
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
