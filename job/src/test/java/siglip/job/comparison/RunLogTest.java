package siglip.job.comparison;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import siglip.job.checkpoint.History;
import siglip.job.report.SampleRun;
import siglip.job.training.StepRecord;

class RunLogTest {
    @Test
    void whatGoesWrongWithAListenerIsAnIncidentOfTheRun() {
        List<String> failures = new ArrayList<>();
        List<String> heard = new ArrayList<>();
        RunListener listener = new RunListener() {
            @Override
            public void step(StepRecord step) {
                failures.add("a tracker failed");
            }

            @Override
            public void incident(String text) {
                heard.add(text);
            }

            @Override
            public List<String> failures() {
                List<String> now = List.copyOf(failures);
                failures.clear();
                return now;
            }
        };
        try (RunLog log = new RunLog(listener, Instant.EPOCH, History.begun(Instant.EPOCH))) {
            StepRecord step = new SampleRun().steps(1).build().steps().get(0);
            log.step(step);

            assertThat(log.steps()).containsExactly(step);
            assertThat(log.incidents()).containsExactly("a tracker failed");
            assertThat(heard).containsExactly("a tracker failed");
        }
    }
}
