package siglip.job.planning;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Consumer;
import java.util.function.IntFunction;

/**
 * Threads that do the same at the same time, as the cores of a machine do in training: they share its memory, its cache and its clock rate.
 * Times are processor times, so that others on the machine disturb little.
 */
final class MeasuringThreads implements AutoCloseable {
    private static final int LEAST_REPEATS = 3;

    /** For which each work is repeated: some dozen turns of the scheduler, so that a busy moment does not decide. */
    private static final long REPEAT_NANOS = 100_000_000;

    /** Java compiles what runs often, again and again: work is warm once so many windows of time have not made it faster by this share. */
    private static final long WINDOW_NANOS = 25_000_000;

    private static final int SETTLED_WINDOWS = 3;
    private static final double SETTLED = 0.03;
    private static final long WARM_UP_NANOS = 3_000_000_000L; // at most

    private final ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    private final List<ExecutorService> threads =
            new ArrayList<>(); // one each: native libraries keep settings by thread

    MeasuringThreads(int size) {
        for (int i = 0; i < size; i++) {
            threads.add(Executors.newSingleThreadExecutor(work -> {
                Thread thread = new Thread(work, "siglip-plan");
                thread.setDaemon(true);
                return thread;
            }));
        }
    }

    /** Makes something on each thread. */
    <T> List<T> each(IntFunction<T> make) {
        List<Future<T>> made = new ArrayList<>();
        for (int i = 0; i < threads.size(); i++) {
            int self = i;
            made.add(threads.get(i).submit(() -> make.apply(self)));
        }
        return made.stream().map(MeasuringThreads::get).toList();
    }

    /** Closes what {@link #each} made, each on its thread. */
    <T> void close(List<T> made, Consumer<T> close) {
        each(thread -> {
            close.accept(made.get(thread));
            return thread;
        });
    }

    /** Seconds that one run of {@code work} takes a thread: of each thread the lower quartile, since others can only slow it down; of those the mean. */
    double seconds(IntFunction<Runnable> work) {
        return each(i -> quartile(work.apply(i))).stream()
                .mapToDouble(seconds -> seconds)
                .average()
                .orElseThrow();
    }

    private double quartile(Runnable work) {
        warmUp(work);
        List<Long> all = new ArrayList<>();
        long end = System.nanoTime() + REPEAT_NANOS;
        while (all.size() < LEAST_REPEATS || System.nanoTime() < end) {
            all.add(nanos(work));
        }
        return all.stream().sorted().toList().get((all.size() - 1) / 4) * 1e-9;
    }

    private void warmUp(Runnable work) {
        work.run(); // so that memory is there and the library has its code
        long best = Long.MAX_VALUE;
        long end = System.nanoTime() + WARM_UP_NANOS;
        for (int settled = 0; settled < SETTLED_WINDOWS && System.nanoTime() < end; ) {
            long window = System.nanoTime() + WINDOW_NANOS;
            long fastest = nanos(work);
            while (System.nanoTime() < window) {
                fastest = Math.min(fastest, nanos(work));
            }
            settled = fastest < (1 - SETTLED) * best ? 0 : settled + 1;
            best = Math.min(best, fastest);
        }
    }

    private long nanos(Runnable work) {
        long start = clock.getCurrentThreadCpuTime();
        work.run();
        return clock.getCurrentThreadCpuTime() - start;
    }

    private static <T> T get(Future<T> future) {
        try {
            return future.get();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Interrupted while measuring", e);
        } catch (ExecutionException e) {
            throw new IllegalStateException(
                    "Cannot measure a rate: " + e.getCause().getMessage(), e.getCause());
        }
    }

    @Override
    public void close() {
        threads.forEach(ExecutorService::shutdown);
    }
}
