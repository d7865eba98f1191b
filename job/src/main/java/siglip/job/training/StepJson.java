package siglip.job.training;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.StreamWriteFeature;
import com.fasterxml.jackson.core.io.SerializedString;
import com.fasterxml.jackson.core.json.JsonWriteFeature;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.ObjectWriter;
import com.fasterxml.jackson.databind.PropertyNamingStrategies;
import com.fasterxml.jackson.databind.annotation.JsonNaming;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.util.List;
import siglip.job.optimizer.TensorStep;
import siglip.job.stage.RankStep;

/**
 * Steps as lines of JSON, one step of one arm each, and back with the same bits. Keys are the names of the records' fields with underscores; what is
 * not finite is written as a string, {@code "NaN"} or {@code "Infinity"}.
 */
public final class StepJson {
    private static final ObjectMapper MAPPER = new ObjectMapper()
            .addMixIn(StepRecord.class, Steps.class)
            .addMixIn(TensorStep.class, Underscores.class)
            .addMixIn(RankStep.class, Underscores.class);
    private static final ObjectWriter WRITER =
            MAPPER.writer().without(StreamWriteFeature.AUTO_CLOSE_TARGET).with(JsonWriteFeature.WRITE_NAN_AS_STRINGS);
    private static final ObjectReader READER = MAPPER.readerFor(StepRecord.class);

    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    private interface Underscores {}

    @JsonNaming(PropertyNamingStrategies.SnakeCaseStrategy.class)
    interface Steps {
        @JsonInclude(JsonInclude.Include.NON_EMPTY)
        List<TensorStep> tensors();
    }

    private StepJson() {}

    /** Writes a line a step; the stream stays open. */
    public static void write(List<StepRecord> steps, OutputStream out) throws IOException {
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

    /** @throws IOException if a line is not a step */
    public static List<StepRecord> read(InputStream in) throws IOException {
        try (MappingIterator<StepRecord> lines = READER.readValues(in)) {
            return lines.readAll();
        }
    }
}
