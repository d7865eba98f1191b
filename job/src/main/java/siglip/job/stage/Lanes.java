package siglip.job.stage;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;
import siglip.job.order.Slices;
import siglip.job.ring.NumericsException;
import siglip.kernels.LossKernels;
import siglip.kernels.Numerics;
import siglip.kernels.blas.Precision;

/**
 * The cores of a rank. Each is a lane: a thread with kernels of its own, which works on its own rows of the rank's batch. What
 * several lanes add to is added up in their order, so a run with as many lanes repeats bit for bit. With one lane, all
 * happens on the caller's thread.
 */
public class Lanes implements AutoCloseable {
    private final List<ExecutorService> threads; // of lanes 1, 2, ...: lane 0 is the caller
    private final LossKernels[] kernels;
    private final Map<Precision, Lanes> others = new EnumMap<>(Precision.class); // on the same threads

    /** Opens the kernels of each lane on its own thread: native libraries keep settings by thread. */
    public Lanes(Numerics numerics, int cores) {
        this(cores, new ArrayList<>());
        for (int lane = 1; lane < cores; lane++) {
            String name = "siglip-lane-" + lane;
            threads.add(Executors.newSingleThreadExecutor(work -> {
                Thread thread = new Thread(work, name);
                thread.setDaemon(true);
                return thread;
            }));
        }
        try {
            open(numerics);
        } catch (RuntimeException | Error e) {
            close();
            throw e;
        }
    }

    private Lanes(int cores, List<ExecutorService> threads) {
        this.threads = threads;
        kernels = new LossKernels[cores];
    }

    private void open(Numerics numerics) {
        each(lane -> kernels[lane] = LossKernels.open(numerics));
    }

    /**
     * The same cores with kernels of another precision; they are closed with these.
     *
     * @param precision null for that of these
     * @throws NumericsException if these cores cannot compute in it
     */
    public Lanes in(Precision precision) {
        if (precision == null || kernels[0].products().precision() == precision) {
            return this;
        }
        return others.computeIfAbsent(precision, other -> {
            Numerics mine = kernels[0].numerics();
            Lanes lanes = new Lanes(count(), threads);
            try {
                lanes.open(new Numerics(mine.products(), other.id(), mine.elementwise(), mine.tile()));
            } catch (RuntimeException | Error e) {
                lanes.closeKernels();
                throw new NumericsException("Cannot train an arm in %s: %s".formatted(other.id(), e.getMessage()), e);
            }
            return lanes;
        });
    }

    public int count() {
        return kernels.length;
    }

    public LossKernels kernels(int lane) {
        return kernels[lane];
    }

    /** How rows are shared out. */
    public Slices cut(int rows) {
        return new Slices(rows, count());
    }

    /** Does the work of all lanes at the same time, and waits for all. The first failure, in the order of lanes, is thrown. */
    public void each(IntConsumer work) {
        List<Future<?>> others = new ArrayList<>();
        for (int lane = 1; lane < count(); lane++) {
            int self = lane;
            others.add(threads.get(lane - 1).submit(() -> work.accept(self)));
        }
        Throwable failure = null;
        try {
            work.accept(0);
        } catch (RuntimeException | Error e) {
            failure = e;
        }
        for (Future<?> other : others) {
            Throwable its = failureOf(other);
            failure = failure == null ? its : failure;
        }
        if (failure instanceof Error error) {
            throw error;
        }
        if (failure != null) {
            throw (RuntimeException) failure;
        }
    }

    /** Does the same with the part of so many rows that each lane has. */
    public void each(int rows, Part work) {
        Slices cut = cut(rows);
        each(lane -> work.accept(lane, cut.start(lane), cut.size(lane)));
    }

    /** What a lane does with its {@code count} rows from {@code from} on. */
    public interface Part {
        void accept(int lane, int from, int count);
    }

    /** Waits for a lane even when this thread is interrupted: its work is arithmetic, and its memory must not be freed under it. */
    private static Throwable failureOf(Future<?> lane) {
        boolean interrupted = false;
        try {
            while (true) {
                try {
                    lane.get();
                    return null;
                } catch (InterruptedException e) {
                    interrupted = true;
                } catch (ExecutionException e) {
                    return e.getCause();
                }
            }
        } finally {
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }
    }

    /** Bytes of the kernels' working memory. */
    public long bytes() {
        return Arrays.stream(kernels)
                .mapToLong(each -> each.footprint().total())
                .sum();
    }

    @Override
    public void close() {
        others.values().forEach(Lanes::closeKernels);
        closeKernels();
        threads.forEach(ExecutorService::shutdown);
    }

    private void closeKernels() {
        for (LossKernels each : kernels) {
            if (each != null) {
                each.close();
            }
        }
    }
}
