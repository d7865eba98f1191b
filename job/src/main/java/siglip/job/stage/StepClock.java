package siglip.job.stage;

import java.util.Arrays;

/** Where the time of a rank's step goes: each lap is added to the phase that ends with it. */
public final class StepClock {
    /** Parts of a step, in the order of {@link RankStep}'s seconds. */
    public enum Phase {
        BATCH,
        FORWARD,
        LOSS,
        HOP,
        BACKWARD,
        REDUCE,
        UPDATE
    }

    private final double[] seconds = new double[Phase.values().length];
    private long last = System.nanoTime();

    /** Forgets all and starts now. */
    public void start() {
        Arrays.fill(seconds, 0);
        last = System.nanoTime();
    }

    /** The time since the last lap was spent on {@code phase}. */
    public void lap(Phase phase) {
        long now = System.nanoTime();
        seconds[phase.ordinal()] += (now - last) * 1e-9;
        last = now;
    }

    /** Seconds by phase, that of the batch as given, then the bytes. */
    public double[] report(double batchSeconds, long ringBytes, long reduceBytes) {
        double[] values = Arrays.copyOf(seconds, seconds.length + 2);
        values[Phase.BATCH.ordinal()] = batchSeconds;
        values[seconds.length] = ringBytes;
        values[seconds.length + 1] = reduceBytes;
        return values;
    }

    /** The record of a rank from what {@link #report} sent. */
    public static RankStep read(int rank, double[] v) {
        return new RankStep(rank, v[0], v[1], v[2], v[3], v[4], v[5], v[6], (long) v[7], (long) v[8]);
    }
}
