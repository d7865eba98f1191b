package siglip.job.planning;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntFunction;

/**
 * Threads that do the same at the same time, as the cores of a machine do in training: they share its memory, its cache and its clock rate.
 * Times are processor times, so that others on the machine disturb little.
 */
final class Crew implements AutoCloseable {
    private static final int LEAST_REPEATS = 3;

    private final ThreadMXBean clock = ManagementFactory.getThreadMXBean();
    private final List<ExecutorService> threads =
            new ArrayList<>(); // one each: native libraries keep settings by thread
    private final Duration time;

    /** @param time to repeat each work for */
    Crew(int size, Duration time) {
        this.time = time;
        for (int i = 0; i < size; i++) {
            threads.add(Executors.newSingleThreadExecutor(work -> {
                Thread thread = new Thread(work, "siglip-plan");
                thread.setDaemon(true);
                return thread;
            }));
        }
    }

    int size() {
        return threads.size();
    }

    /** Makes something on each thread. */
    <T> List<T> each(IntFunction<T> make) {
        List<Future<T>> made = new ArrayList<>();
        for (int i = 0; i < threads.size(); i++) {
            int self = i;
            made.add(threads.get(i).submit(() -> make.apply(self)));
        }
        return made.stream().map(Crew::get).toList();
    }

    /** Seconds that one run of {@code work} takes a thread: of each thread the lower quartile, since others can only slow it down; of those the mean. */
    double seconds(IntFunction<Runnable> work) {
        return each(i -> quartile(work.apply(i))).stream()
                .mapToDouble(seconds -> seconds)
                .average()
                .orElseThrow();
    }

    private double quartile(Runnable work) {
        work.run(); // so that memory is there and the library has its code
        List<Double> all = new ArrayList<>();
        long end = System.nanoTime() + time.toNanos();
        while (all.size() < LEAST_REPEATS || System.nanoTime() < end) {
            long start = clock.getCurrentThreadCpuTime();
            work.run();
            all.add((clock.getCurrentThreadCpuTime() - start) * 1e-9);
        }
        return all.stream().sorted().toList().get((all.size() - 1) / 4);
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
