package siglip.job.trackers;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EventBytesTest {
    /** Of {@code RecordWriter} and the messages of the Python package tensorboard 2.21.0. */
    private static final String GOLDEN =
            "GAAAAAAAAACjf0siCQAAoHAEadpBGg1icmFpbi5FdmVudDoycH4WoDYAAAAAAAAAT1eM7wkAANBwBGnaQRCsAiooChAKCXN0ZXAvbG9zcxUAAMhAChQKDXNjYWxhcnMvc2NhbGUVAADAf61ZWYw=";

    @Test
    void theBytesAreThoseOfTensorBoardsOwnWriter() {
        Map<String, Double> numbers = new LinkedHashMap<>();
        numbers.put("step/loss", 6.25);
        numbers.put("scalars/scale", Double.NaN);
        EventBytes events = new EventBytes(1772360130.5);
        assertThat(events.isEmpty()).isTrue();

        events.add(1772360131.25, 300, numbers);

        assertThat(events.isEmpty()).isFalse();
        assertThat(events.toArray()).hasSize(events.size());
        assertThat(Base64.getEncoder().encodeToString(events.toArray())).isEqualTo(GOLDEN);
    }
}
