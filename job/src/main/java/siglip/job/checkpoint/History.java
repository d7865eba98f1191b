package siglip.job.checkpoint;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import siglip.job.training.StepRecord;

/**
 * What a run has told so far, so that the report of a resumed run is whole.
 *
 * @param steps records in the order in which they were done
 * @param incidents what went wrong and was mended
 * @param notes texts of callers, by name
 * @param started when the run began
 * @param spent time that its drivers have spent on it
 */
public record History(
        List<StepRecord> steps, List<String> incidents, Map<String, String> notes, Instant started, Duration spent) {
    public History {
        steps = List.copyOf(steps);
        incidents = List.copyOf(incidents);
        notes = Map.copyOf(notes);
    }

    /** Of a run that begins now. */
    public static History begun(Instant now) {
        return new History(List.of(), List.of(), Map.of(), now, Duration.ZERO);
    }

    History withSteps(List<StepRecord> all) {
        return new History(all, incidents, notes, started, spent);
    }
}
