package siglip.job.ring;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;

/**
 * When each rank was last heard, and which one has been silent for too long. Time in which nobody looked does not count: a process
 * that stood still, swapped out or collecting garbage, has not read the heartbeats that came meanwhile. Guarded by its owner.
 */
final class Pulse {
    private static final long NEVER = Long.MIN_VALUE;

    private final long[] heard;
    private final long between;
    private final long most;
    private long looked;

    /**
     * @param between two looks, as planned
     * @param most that a rank may be silent
     * @param now in nanoseconds, as all times here
     */
    Pulse(int ranks, Duration between, Duration most, long now) {
        this.heard = new long[ranks];
        this.between = between.toNanos();
        this.most = most.toNanos();
        this.looked = now;
        Arrays.fill(heard, NEVER);
    }

    void hear(int rank, long now) {
        heard[rank] = now;
    }

    /** Looks; the first rank that was heard once and has been silent for too long since. */
    Optional<Integer> look(long now) {
        long stoodStill = Math.max(0, now - looked - 2 * between);
        looked = now;
        Optional<Integer> silent = Optional.empty();
        for (int rank = heard.length - 1; rank >= 0; rank--) {
            if (heard[rank] != NEVER) {
                heard[rank] += stoodStill;
                silent = now - heard[rank] > most ? Optional.of(rank) : silent;
            }
        }
        return silent;
    }
}
