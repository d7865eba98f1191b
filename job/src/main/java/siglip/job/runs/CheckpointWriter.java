package siglip.job.runs;

import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hadoop.fs.FSError;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.checkpoint.Checkpoint;
import siglip.job.checkpoint.CheckpointStore;
import siglip.job.checkpoint.StoredCheckpoint;
import siglip.job.checkpoint.StoredFile;
import siglip.job.files.WriteException;

/**
 * Writes checkpoints on a thread of its own, one at a time. A write that fails is reported and costs no more than that: the steps that it
 * would have held go into the next. Its methods belong to one thread, the driver's.
 */
public final class CheckpointWriter implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(CheckpointWriter.class);

    private final CheckpointStore store;
    private final Lease lease;
    private final int keep;
    private final ExecutorService thread;
    private Progress progress;
    private volatile long newest;
    private Future<Progress> running;

    /**
     * What is in the store.
     *
     * @param step of the newest checkpoint of this run; 0 without one
     * @param files of the steps before that
     * @param failure of the last write, if it failed and nobody has asked
     */
    private record Progress(long step, List<StoredFile> files, Optional<String> failure) {}

    /**
     * @param keep how many checkpoints stay, at least 1
     * @param from where this run goes on, if that lies in the same store
     */
    public CheckpointWriter(CheckpointStore store, Lease lease, int keep, Optional<StoredCheckpoint> from) {
        this.store = store;
        this.lease = lease;
        this.keep = keep;
        progress = new Progress(
                from.map(StoredCheckpoint::step).orElse(0L),
                from.map(StoredCheckpoint::stepFiles).orElse(List.of()),
                Optional.empty());
        newest = progress.step();
        thread = Executors.newSingleThreadExecutor(task -> {
            Thread writer = new Thread(task, "checkpoint-writer");
            writer.setDaemon(true);
            return writer;
        });
    }

    /** Whether {@link #write} would start at once. */
    public boolean isIdle() {
        return running == null || running.isDone();
    }

    /** How many steps the newest checkpoint holds: the history of the next begins with those after them. Waits for the write that runs. */
    public long written() {
        await();
        return progress.step();
    }

    /** The same as far as it is known. Does not wait; any thread may ask. */
    long newest() {
        return newest;
    }

    /** Why the last write failed, once. Does not wait. */
    public Optional<String> failure() {
        if (!isIdle()) {
            return Optional.empty();
        }
        await();
        Optional<String> failure = progress.failure();
        progress = new Progress(progress.step(), progress.files(), Optional.empty());
        return failure;
    }

    /** Starts to write, after the write that runs. The checkpoint's history holds the steps from {@link #written} on. */
    public void write(Checkpoint checkpoint) {
        await();
        Progress before = progress;
        running = thread.submit(() -> write(checkpoint, before));
    }

    private Progress write(Checkpoint checkpoint, Progress before) {
        long start = System.nanoTime();
        long step = checkpoint.training().step();
        StoredCheckpoint written;
        try {
            written = store.write(checkpoint, before.files(), lease.id(), lease::check);
        } catch (IOException | RuntimeException | FSError e) {
            String failure = "the checkpoint of step %d was not written: %s"
                    .formatted(step, e instanceof WriteException ? e.getMessage() : e);
            if (e instanceof RuntimeException) {
                LOG.warn("{}", failure, e);
            }
            return new Progress(before.step(), before.files(), Optional.of(failure));
        }
        newest = step;
        LOG.info("Checkpoint {} written in {} ms", written.path(), (System.nanoTime() - start) / 1_000_000);
        try {
            store.prune(written, keep);
        } catch (IOException | RuntimeException | FSError e) {
            LOG.warn("Cannot remove old checkpoints in {}: {}", store.root(), e.toString());
        }
        return new Progress(step, written.stepFiles(), Optional.empty());
    }

    private void await() {
        if (running == null) {
            return;
        }
        try {
            progress = running.get();
        } catch (ExecutionException e) {
            throw new IllegalStateException("Cannot go on: the writer of checkpoints has died", e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("Cannot wait for the writer of checkpoints: interrupted", e);
        }
        running = null;
    }

    /** Waits for the write that runs, and ends the thread. */
    @Override
    public void close() {
        try {
            await();
        } finally {
            thread.shutdown();
        }
    }
}
