package siglip.job.checkpoint;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import siglip.job.training.StepRecord;

/**
 * What a run has told so far, so that the report of a resumed run is whole.
 *
 * @param steps records in the order in which they were done
 * @param incidents what went wrong and was mended
 * @param notes what callers want to find again
 * @param started when the run began
 * @param spent time that its drivers have spent on it
 */
public record History(List<StepRecord> steps, List<String> incidents, JsonNode notes, Instant started, Duration spent) {
    public History {
        steps = List.copyOf(steps);
        incidents = List.copyOf(incidents);
    }

    /** With more incidents. */
    public History with(List<String> more) {
        return new History(
                steps, Stream.concat(incidents.stream(), more.stream()).toList(), notes, started, spent);
    }

    /** Of a run that begins now. */
    public static History begun(Instant now) {
        return new History(List.of(), List.of(), MissingNode.getInstance(), now, Duration.ZERO);
    }
}
