package siglip.job.report;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.io.OutputStream;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import siglip.job.comparison.ArmResult;
import siglip.job.training.RankStep;
import siglip.job.training.StepRecord;

/**
 * {@code steps.jsonl}: one step of one arm a line, in the order in which they were done. Keys are the names of the records' fields
 * with underscores; what is not finite is written as a string, {@code "NaN"} or {@code "Infinity"}.
 */
final class StepLines {
    private static final ObjectWriter WRITER = new ObjectMapper()
            .addMixIn(StepRecord.class, Underscores.class)
            .addMixIn(RankStep.class, Underscores.class)
            .writer()
            .without(StreamWriteFeature.AUTO_CLOSE_TARGET)
            .with(JsonWriteFeature.WRITE_NAN_AS_STRINGS);

    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    private interface Underscores {}

    private StepLines() {}

    /** Writes all arms' steps; the stream stays open. */
    static void write(List<ArmResult> arms, OutputStream out) throws IOException {
        List<StepRecord> steps = new ArrayList<>();
        arms.forEach(arm -> steps.addAll(arm.steps()));
        steps.sort(Comparator.comparingLong(StepRecord::step));
        try (JsonGenerator lines = WRITER.createGenerator(out)) {
            lines.setRootValueSeparator(new SerializedString("\n"));
            for (StepRecord step : steps) {
                WRITER.writeValue(lines, step);
            }
            if (!steps.isEmpty()) {
                lines.writeRaw('\n');
            }
        }
    }
}
