package siglip.job.trackers;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import siglip.job.config.Settings;
import siglip.job.evaluation.Evaluation;
import siglip.job.figures.RunFigures;
import siglip.job.files.FileSystems;
import siglip.job.files.WholeFile;
import siglip.job.runs.RunFolder;
import siglip.job.training.StepRecord;

/**
 * Writes all numbers of a run for TensorBoard, into a folder for each arm. As an object store cannot append, a folder is a series of parts, each a whole file
 * that is never touched again; TensorBoard reads them by name, one after the other. The time of an event is the start of the run and the seconds that
 * the arm itself has trained, so that arms which take turns can be compared over their own time.
 *
 * <p>A run that goes on after an interruption writes what the earlier drivers have told anew, in the place of all that lies there: no step is
 * missing, and none is there twice. Files are written by a thread of its own.
 */
final class TensorBoard implements Tracker {
    private static final long NANOS = 1_000_000_000L;

    /** A part is due after a minute, or after a fiftieth of the time so far: long runs have some hundred parts. */
    private static final long SHORTEST_PART = 60 * NANOS;

    private static final int MOST_PARTS = 50;

    /** A part that is larger is due at once. */
    private static final int LARGEST_PART = 16 << 20;

    private static final long END_SECONDS = 120;
    private static final String DRAFT = "part"; // must not look like events, or TensorBoard reads it

    private final String run;
    private final Configuration hadoop;
    private final LongSupplier nanos;
    private final String driver = UUID.randomUUID().toString().substring(0, 8);
    private final ExecutorService thread = Executors.newSingleThreadExecutor(task -> {
        Thread daemon = new Thread(task, "tensorboard");
        daemon.setDaemon(true);
        return daemon;
    });
    private final Map<String, Arm> arms = new HashMap<>();
    private Path folder;
    private FileSystem files;
    private double started;
    private long begunNanos;
    private long partNanos;
    private CompletableFuture<Void> writing = CompletableFuture.completedFuture(null);

    /** An arm, with what has not been written of it. */
    private static final class Arm {
        private double seconds; // of its own training
        private Optional<EventBytes> next = Optional.empty();
        private int parts;
    }

    private record Part(Path path, byte[] content) {}

    /** @param nanos a clock that never goes back, in nanoseconds */
    TensorBoard(Settings settings, Configuration hadoop, LongSupplier nanos) {
        this.run = settings.run().folder();
        this.hadoop = hadoop;
        this.nanos = nanos;
    }

    @Override
    public void begun(Instant start, List<StepRecord> steps, List<Evaluation> evaluations) {
        started = start.toEpochMilli() / 1e3;
        try {
            folder = FileSystems.in(FileSystems.path(run), RunFolder.TENSORBOARD);
            files = FileSystems.bare(FileSystems.of(folder, hadoop));
            files.delete(folder, true);
        } catch (IOException e) {
            throw new UncheckedIOException("cannot start anew in %s: %s".formatted(folder, e.getMessage()), e);
        }
        begunNanos = nanos.getAsLong();
        partNanos = begunNanos;
        int told = 0;
        for (StepRecord step : steps) {
            while (told < evaluations.size() && evaluations.get(told).step() <= step.step()) {
                add(evaluations.get(told++));
            }
            add(step);
            if (arms.get(step.arm()).next.orElseThrow().size() >= LARGEST_PART) {
                write();
                finish();
            }
        }
        evaluations.subList(told, evaluations.size()).forEach(this::add);
    }

    @Override
    public void step(StepRecord step) {
        add(step);
        long now = nanos.getAsLong();
        boolean due = now - partNanos >= Math.max(SHORTEST_PART, (now - begunNanos) / MOST_PARTS)
                || arms.get(step.arm()).next.orElseThrow().size() >= LARGEST_PART;
        if (due && writing.isDone()) {
            finish(); // or why it could not be written
            partNanos = now;
            write();
        }
    }

    @Override
    public void evaluation(Evaluation evaluation) {
        add(evaluation);
    }

    /** Removes, too, what a driver may have left that this one has taken the run over from. */
    @Override
    public void end(RunFigures figures) {
        finish();
        write();
        finish();
        try {
            for (String arm : arms.keySet()) {
                for (FileStatus each : files.listStatus(FileSystems.in(folder, arm))) {
                    if (!each.getPath().getName().endsWith(driver)) {
                        files.delete(each.getPath(), false);
                    }
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException("cannot tidy %s: %s".formatted(folder, e.getMessage()), e);
        }
    }

    @Override
    public void close() {
        thread.shutdownNow();
    }

    private void add(StepRecord step) {
        Arm arm = arms.computeIfAbsent(step.arm(), name -> new Arm());
        arm.seconds += step.seconds();
        add(arm, step.step(), Scalars.of(step));
    }

    private void add(Evaluation evaluation) {
        add(arms.computeIfAbsent(evaluation.arm(), name -> new Arm()), evaluation.step(), Scalars.of(evaluation));
    }

    private void add(Arm arm, long step, Map<String, Double> numbers) {
        double time = started + arm.seconds;
        if (arm.next.isEmpty()) {
            arm.next = Optional.of(new EventBytes(time));
        }
        arm.next.get().add(time, step, numbers);
    }

    /** Hands on what has not been written. */
    private void write() {
        List<Part> due = new ArrayList<>();
        arms.forEach((name, arm) -> {
            if (arm.next.isPresent()) {
                String file = "events.out.tfevents.%010d.%s".formatted(arm.parts++, driver);
                due.add(new Part(
                        FileSystems.in(FileSystems.in(folder, name), file),
                        arm.next.get().toArray()));
                arm.next = Optional.empty();
            }
        });
        writing = CompletableFuture.runAsync(() -> due.forEach(this::write), thread);
    }

    private void write(Part part) {
        try {
            WholeFile.create(files, part.path(), DRAFT, out -> out.write(part.content()));
        } catch (IOException e) {
            throw new UncheckedIOException(e.getMessage(), e);
        }
    }

    /** Waits until all that was handed on is written. */
    private void finish() {
        try {
            writing.get(END_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (TimeoutException e) {
            throw new IllegalStateException("%s took more than %d s to write".formatted(folder, END_SECONDS), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while %s was written".formatted(folder), e);
        }
    }
}
