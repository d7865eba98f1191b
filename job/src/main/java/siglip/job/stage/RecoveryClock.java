package siglip.job.stage;

import java.util.Arrays;
import java.util.Optional;

/** Where the time between two steps goes when an attempt fails between them: each lap is added to the part that ends with it. */
public final class RecoveryClock {
    /** In the order of {@link Recovery}'s seconds. */
    public enum Part {
        NOTICED,
        ENDED,
        SLOTS,
        SHUFFLED,
        JOINED,
        REDONE
    }

    private final double[] seconds = new double[Part.values().length];
    private long last = System.nanoTime();
    private boolean failed;

    /** Forgets all and starts now. */
    public void start() {
        Arrays.fill(seconds, 0);
        failed = false;
        last = System.nanoTime();
    }

    /** The time since the last lap was spent on {@code part}. */
    public void lap(Part part) {
        long now = System.nanoTime();
        seconds[part.ordinal()] += (now - last) * 1e-9;
        last = now;
    }

    /** The driver knows that the attempt has failed. */
    void notice() {
        lap(Part.NOTICED);
        failed = true;
    }

    /** A step is done, and the clock starts again; what came before it, if an attempt had failed. */
    public Optional<Recovery> stepDone(int attempt, long step) {
        lap(Part.REDONE);
        Optional<Recovery> recovery = failed
                ? Optional.of(new Recovery(
                        attempt, step, seconds[0], seconds[1], seconds[2], seconds[3], seconds[4], seconds[5]))
                : Optional.empty();
        start();
        return recovery;
    }
}
