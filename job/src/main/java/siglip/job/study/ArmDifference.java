package siglip.job.study;

import java.util.List;
import java.util.OptionalDouble;
import siglip.job.stability.Estimate;
import siglip.job.stability.Significance;
import siglip.job.stability.SpreadRatio;
import siglip.job.stability.StudentMean;

/**
 * Two arms beside each other, over the seeds that both have.
 *
 * @param first name of an arm
 * @param second name of the other
 * @param pairs seeds that both have
 * @param effect first less second with its 95 % interval, or first over second where spreads are compared; the ends are NaN where there is no interval
 * @param p of the test that there is no effect, by itself
 * @param adjusted p within its family
 * @param isWithinMargin whether two one-sided tests show that the difference is smaller than the margin
 */
public record ArmDifference(
        String first,
        String second,
        StudyMetric metric,
        int pairs,
        Estimate effect,
        double p,
        double adjusted,
        boolean isWithinMargin) {

    static ArmDifference of(
            StudyMetric metric, String first, ArmSample a, String second, ArmSample b, OptionalDouble margin) {
        List<Long> seeds =
                a.values().keySet().stream().filter(b.values()::containsKey).toList();
        double[] x = seeds.stream().mapToDouble(a.values()::get).toArray();
        double[] y = seeds.stream().mapToDouble(b.values()::get).toArray();
        int n = x.length;
        if (metric == StudyMetric.R1_SPREAD) {
            SpreadRatio spread = SpreadRatio.of(x, y);
            return new ArmDifference(first, second, metric, n, spread.ratio(), spread.p(), 1, false);
        }
        double[] differences = new double[n];
        int up = 0;
        int down = 0;
        for (int i = 0; i < n; i++) {
            differences[i] = x[i] - y[i];
            up += differences[i] > 0 ? 1 : 0;
            down += differences[i] < 0 ? 1 : 0;
        }
        StudentMean found = StudentMean.of(differences);
        if (metric == StudyMetric.FAILED) {
            Estimate effect = new Estimate(found.mean().value(), Double.NaN, Double.NaN);
            return new ArmDifference(first, second, metric, n, effect, Significance.ofDiscordant(up, down), 1, false);
        }
        boolean within = metric == StudyMetric.R1 && margin.isPresent() && found.isWithin(margin.getAsDouble());
        return new ArmDifference(first, second, metric, n, found.mean(), found.p(), 1, within);
    }

    ArmDifference adjusted(double other) {
        return new ArmDifference(first, second, metric, pairs, effect, p, other, isWithinMargin);
    }

    /** Whether the effect is a ratio, which is 1 where there is no difference. */
    public boolean isRatio() {
        return metric == StudyMetric.R1_SPREAD;
    }

    public StudyVerdict verdict() {
        if (metric.question() == StudyMetric.Question.NONE
                || pairs < 2
                || Double.isNaN(effect.value())
                || (metric == StudyMetric.FAILED && Significance.leastOfDiscordant(pairs) > Significance.LEVEL)) {
            return StudyVerdict.NOT_TESTED;
        }
        if (adjusted <= Significance.LEVEL) {
            return effect.value() > (isRatio() ? 1 : 0) ? StudyVerdict.HIGHER : StudyVerdict.LOWER;
        }
        return isWithinMargin ? StudyVerdict.EQUAL : StudyVerdict.NO_DIFFERENCE;
    }
}
