package siglip.job.study;

import java.util.Collections;
import java.util.NavigableMap;
import java.util.TreeMap;
import siglip.job.stability.Estimate;
import siglip.job.stability.Statistics;
import siglip.job.stability.StudentMean;

/**
 * A figure of an arm in one condition.
 *
 * @param values by seed; only those that are finite
 */
public record ArmSample(NavigableMap<Long, Double> values) {
    public ArmSample {
        NavigableMap<Long, Double> finite = new TreeMap<>(values);
        finite.values().removeIf(value -> !Double.isFinite(value));
        values = Collections.unmodifiableNavigableMap(finite);
    }

    /** NaN without values. */
    public double mean() {
        return Statistics.mean(array());
    }

    /** Standard deviation over seeds; NaN of fewer than two. */
    public double deviation() {
        return Statistics.standardErrorOfMean(array()) * Math.sqrt(values.size());
    }

    /** The mean with its 95 % interval over seeds. */
    public Estimate interval() {
        return StudentMean.of(array()).mean();
    }

    double[] array() {
        return values.values().stream().mapToDouble(Double::doubleValue).toArray();
    }
}
