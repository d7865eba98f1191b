package siglip.job.ring;

import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/** A rank behind a slow network: its blocks leave one after the other at a bandwidth, and they and its grants are on their way for a while. */
final class SlowNode extends RankNode {
    /** A network of which every rank has its own wire. */
    record Delay(double bytesPerSecond, long latencyNanos) {
        static final Delay NONE = new Delay(Double.POSITIVE_INFINITY, 0);
    }

    private final ScheduledExecutorService timer;
    private final Delay delay;
    private long free = System.nanoTime();

    SlowNode(Delay delay, ScheduledExecutorService timer, Site site, Rendezvous meeting, int rank) {
        super(site, meeting, rank, () -> false);
        this.delay = delay;
        this.timer = timer;
    }

    @Override
    void depart(int bytes, Runnable message) {
        if (delay.equals(Delay.NONE)) {
            message.run();
            return;
        }
        long there;
        synchronized (this) {
            free = Math.max(System.nanoTime(), free) + (long) (bytes / delay.bytesPerSecond() * 1e9);
            there = (bytes == 0 ? System.nanoTime() : free) + delay.latencyNanos();
        }
        ScheduledFuture<?> unused =
                timer.schedule(message, Math.max(0, there - System.nanoTime()), TimeUnit.NANOSECONDS);
    }
}
