package siglip.job.stage;

import java.util.Arrays;

/** Where the time of a rank's step goes: each lap is added to the phase that ends with it. */
public final class StepClock {
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

    /** The laps so far, with the seconds of the batch as given. */
    public PhaseSeconds seconds(double batchSeconds) {
        double[] values = seconds.clone();
        values[Phase.BATCH.ordinal()] = batchSeconds;
        return new PhaseSeconds(values);
    }
}
