package siglip.job.stage;

import com.fasterxml.jackson.annotation.JsonCreator;
import com.fasterxml.jackson.annotation.JsonValue;
import java.io.Serializable;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToDoubleFunction;

/** Seconds of each phase of a step. In JSON an object with a key for each phase. */
public final class PhaseSeconds implements Serializable {
    private static final long serialVersionUID = 1L;
    private static final Phase[] PHASES = Phase.values();

    private final double[] seconds; // by the phase's ordinal

    /** @param seconds by the phase's ordinal; not copied */
    PhaseSeconds(double[] seconds) {
        this.seconds = seconds;
    }

    public static PhaseSeconds of(ToDoubleFunction<Phase> seconds) {
        return new PhaseSeconds(Arrays.stream(PHASES).mapToDouble(seconds).toArray());
    }

    @JsonCreator
    static PhaseSeconds read(Map<Phase, Double> seconds) {
        if (seconds.size() != PHASES.length) {
            throw new IllegalArgumentException(
                    "Cannot read the seconds of a step: %s are not all phases".formatted(seconds.keySet()));
        }
        return of(seconds::get);
    }

    @JsonValue
    Map<Phase, Double> toMap() {
        Map<Phase, Double> map = new EnumMap<>(Phase.class);
        Arrays.stream(PHASES).forEach(phase -> map.put(phase, get(phase)));
        return map;
    }

    public double get(Phase phase) {
        return seconds[phase.ordinal()];
    }

    /** All phases. */
    public double total() {
        return sum(phase -> true);
    }

    /** Time in which the rank computed nothing: waiting for neighbours, pieces and the driver. */
    public double waiting() {
        return sum(Phase::waiting);
    }

    private double sum(Predicate<Phase> of) {
        double sum = 0;
        for (Phase phase : PHASES) {
            sum += of.test(phase) ? get(phase) : 0;
        }
        return sum;
    }

    /** With what the driver took as a phase of its own: its time lies in the ranks' wait for parameters, as far as that reaches. */
    PhaseSeconds withDriver(double driverSeconds) {
        double[] all = seconds.clone();
        double both = get(Phase.DRIVER) + get(Phase.UPDATE);
        all[Phase.DRIVER.ordinal()] = Math.min(driverSeconds, both);
        all[Phase.UPDATE.ordinal()] = both - all[Phase.DRIVER.ordinal()];
        return new PhaseSeconds(all);
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof PhaseSeconds && Arrays.equals(seconds, ((PhaseSeconds) other).seconds);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(seconds);
    }

    @Override
    public String toString() {
        return toMap().toString();
    }
}
