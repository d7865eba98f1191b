package siglip.job.comparison;

import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import siglip.job.checkpoint.Checkpoint;
import siglip.job.checkpoint.History;
import siglip.job.checkpoint.StoredCheckpoint;
import siglip.job.config.Settings;
import siglip.job.evaluation.Evaluation;
import siglip.job.runs.CheckpointWriter;
import siglip.job.runs.RunFolder;
import siglip.job.training.StepRecord;
import siglip.job.training.TrainingSnapshot;

/** When a run writes checkpoints, and what of its own it puts into them. Used from the driver's thread. */
final class Checkpoints implements AutoCloseable {
    private static final String EVALUATIONS = "evaluations";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final RunFolder folder;
    private final CheckpointWriter writer;
    private final int ranks;
    private final long every;
    private final long last;
    private long next;
    private Optional<Checkpoint> postponed = Optional.empty();

    /** @param first the step that the run starts with */
    Checkpoints(RunFolder folder, Settings settings, long first) {
        this.folder = folder;
        ranks = settings.run().ranks();
        every = settings.checkpoint().everySteps();
        last = settings.training().steps();
        next = every == 0 ? Long.MAX_VALUE : after(first);
        writer = folder.writer();
    }

    private long after(long step) {
        return (step / every + 1) * every;
    }

    /** Whether to write one after {@code step} steps: on every so manieth, or as soon after it as the one before is written. */
    boolean due(long step) {
        if (every == 0 || (step != last && (step < next || !writer.isIdle()))) {
            return false;
        }
        next = after(step);
        return true;
    }

    /** Starts to write one. The last of a run waits for its turn until the run is closed: no rank waits for a disk. */
    void write(TrainingSnapshot snapshot, List<StepRecord> steps, History told) {
        boolean idle = writer.isIdle();
        List<StepRecord> now = idle ? since(writer.written(), steps, snapshot.step()) : List.copyOf(steps);
        Checkpoint checkpoint = new Checkpoint(
                folder.identity(),
                ranks,
                snapshot,
                new History(now, told.incidents(), told.notes(), told.started(), told.spent()));
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

    /** Why the last write failed, once. */
    Optional<String> failure() {
        return writer.failure();
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
    }

    /** Evaluations, as a checkpoint holds them. */
    static JsonNode notes(List<Evaluation> evaluations) {
        return JSON.valueToTree(Map.of(EVALUATIONS, evaluations));
    }

    /** The evaluations that a checkpoint holds. */
    static List<Evaluation> evaluations(StoredCheckpoint from) {
        JsonNode held = from.checkpoint().history().notes().path(EVALUATIONS);
        return held.isMissingNode() ? List.of() : JSON.convertValue(held, new TypeReference<List<Evaluation>>() {});
    }
}
