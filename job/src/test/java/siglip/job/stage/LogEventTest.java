package siglip.job.stage;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LogEventTest {
    @Test
    void aLineHoldsKeysAndValuesAndQuotesWhatWouldBreakThem() {
        assertThat(new LogEvent("attempt-failed")
                        .with("rank", 1)
                        .with("seconds", 0.25)
                        .with("executor", "3")
                        .with("empty", "")
                        .with("why", "a \"broken\" disk\n=C:\\")
                        .toString())
                .isEqualTo("event=attempt-failed rank=1 seconds=0.250 executor=3 empty=\"\""
                        + " why=\"a \\\"broken\\\" disk\\u000a=C:\\\\\"");
    }
}
