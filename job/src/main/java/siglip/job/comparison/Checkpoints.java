package siglip.job.comparison;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import siglip.job.checkpoint.Checkpoint;
import siglip.job.checkpoint.History;
import siglip.job.config.Settings;
import siglip.job.evaluation.Evaluation;
import siglip.job.runs.CheckpointWriter;
import siglip.job.runs.RunFolder;
import siglip.job.training.StepRecord;
import siglip.job.training.TrainingSnapshot;

/** All that a run in a folder tells, with a checkpoint of it every now and then. Used from the driver's thread. */
final class Checkpoints extends RunLog {
    private static final String EVALUATIONS = "evaluations";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final RunFolder folder;
    private final CheckpointWriter writer;
    private final int ranks;
    private final long every;
    private final long last;
    private long next;
    private Optional<Checkpoint> postponed = Optional.empty();

    /** @param first the step that this driver starts with */
    Checkpoints(RunFolder folder, Settings settings, long first, RunListener listener, Instant opened, History before) {
        super(listener, settings, opened, before);
        this.folder = folder;
        ranks = settings.run().ranks();
        every = settings.checkpoint().everySteps();
        last = settings.training().steps();
        next = every == 0 ? Long.MAX_VALUE : after(first);
        writer = folder.writer();
    }

    @Override
    public void step(StepRecord step) {
        folder.lease().ensureHeld();
        super.step(step);
    }

    private long after(long step) {
        return (step / every + 1) * every;
    }

    /** One is due every so many steps, or as soon after that as the one before is written. */
    @Override
    public boolean wantsSnapshot(long step) {
        writer.failure().ifPresent(this::incident);
        if (every == 0 || (step != last && (step < next || !writer.isIdle()))) {
            return false;
        }
        next = after(step);
        return true;
    }

    /** Starts to write one. The last of a run waits for its turn until the run is closed: no rank waits for a disk. */
    @Override
    public void snapshot(TrainingSnapshot snapshot) {
        boolean idle = writer.isIdle();
        List<StepRecord> now = idle ? since(writer.written(), steps(), snapshot.step()) : List.copyOf(steps());
        JsonNode notes = JSON.valueToTree(Map.of(EVALUATIONS, evaluations()));
        History told = new History(now, incidents(), notes, started(), spent());
        Checkpoint checkpoint = new Checkpoint(folder.identity(), ranks, snapshot, told);
        if (idle) {
            writer.write(checkpoint);
        } else {
            postponed = Optional.of(checkpoint);
        }
    }

    /** Steps {@code from} to {@code to - 1}; records are in the order of steps, so that only the end is looked through. */
    private static List<StepRecord> since(long from, List<StepRecord> steps, long to) {
        int first = steps.size();
        while (first > 0 && steps.get(first - 1).step() >= from) {
            first--;
        }
        List<StepRecord> since = new ArrayList<>(steps.subList(first, steps.size()));
        since.removeIf(step -> step.step() >= to);
        return since;
    }

    /** Writes what has been put off, and waits until it is written. */
    @Override
    public void close() {
        try (writer) {
            postponed.ifPresent(checkpoint -> {
                History told = checkpoint.history();
                List<StepRecord> left = since(
                        writer.written(), told.steps(), checkpoint.training().step());
                writer.write(new Checkpoint(
                        checkpoint.identity(),
                        checkpoint.ranks(),
                        checkpoint.training(),
                        new History(left, told.incidents(), told.notes(), told.started(), told.spent())));
            });
            postponed = Optional.empty();
        }
        writer.failure().ifPresent(this::incident);
        folder.lease().ensureHeld();
    }

    /** The evaluations of a history from a checkpoint. */
    static List<Evaluation> evaluations(History history) {
        JsonNode held = history.notes().path(EVALUATIONS);
        return held.isMissingNode() ? List.of() : JSON.convertValue(held, new TypeReference<List<Evaluation>>() {});
    }
}
