package siglip.job.stage;

import java.io.Serializable;
import java.util.Arrays;

/**
 * Where one rank's time and bytes of one step of one arm went.
 *
 * @param rank of the barrier stage
 * @param seconds of the rank's own clock; they add up to its step
 * @param ringBytes sent to other ranks while the loss was computed: embeddings, their gradients, sums of columns
 * @param reduceBytes sent to other ranks and to the driver after it: gradient and parameter pieces
 */
public record RankStep(int rank, PhaseSeconds seconds, long ringBytes, long reduceBytes) implements Serializable {
    private static final int PHASES = Phase.values().length;

    /** What the rank sends to the driver. */
    public double[] toArray() {
        double[] values = new double[PHASES + 2];
        for (Phase phase : Phase.values()) {
            values[phase.ordinal()] = seconds.get(phase);
        }
        values[PHASES] = ringBytes;
        values[PHASES + 1] = reduceBytes;
        return values;
    }

    /** The step of a rank from what it sent. */
    public static RankStep read(int rank, double[] values) {
        return new RankStep(rank, new PhaseSeconds(Arrays.copyOf(values, PHASES)), (long) values[PHASES], (long)
                values[PHASES + 1]);
    }

    /** With the driver's part of the wait for new parameters as a phase of its own. */
    public RankStep withDriver(double driverSeconds) {
        return new RankStep(rank, seconds.withDriver(driverSeconds), ringBytes, reduceBytes);
    }
}
