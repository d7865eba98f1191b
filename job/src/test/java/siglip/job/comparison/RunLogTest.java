package siglip.job.comparison;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import siglip.job.checkpoint.History;
import siglip.job.config.Settings;
import siglip.job.evaluation.Evaluation;
import siglip.job.report.SampleRun;
import siglip.job.training.StepRecord;

class RunLogTest {
    private static Settings settings(int steps) {
        return new SampleRun().arms("siglip", "clip").steps(steps).build().settings();
    }

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
        try (RunLog log = new RunLog(listener, settings(1), Instant.EPOCH, History.begun(Instant.EPOCH))) {
            StepRecord step = new SampleRun().steps(1).build().steps().get(0);
            log.step(step);

            assertThat(log.steps()).containsExactly(step);
            assertThat(log.incidents()).containsExactly("a tracker failed");
            assertThat(heard).containsExactly("a tracker failed");
        }
    }

    /** The second log goes on where the first has come to, as that of a resumed run. */
    @Test
    void anArmThatCollapsesAndOneThatComesBackAreIncidentsToldOnce() {
        List<StepRecord> steps = new SampleRun()
                .arms("siglip")
                .steps(200)
                .constant(40, 120)
                .build()
                .steps();
        List<String> incidents = new ArrayList<>();
        History before = History.begun(Instant.EPOCH);
        for (List<StepRecord> part : List.of(steps.subList(0, 100), steps.subList(100, 200))) {
            try (RunLog log = new RunLog(new RunListener() {}, settings(200), Instant.EPOCH, before)) {
                part.forEach(log::step);
                before = new History(
                        log.steps(), log.incidents(), MissingNode.getInstance(), Instant.EPOCH, Duration.ZERO);
                incidents = log.incidents();
            }
        }

        assertThat(incidents).hasSize(2);
        assertThat(incidents.get(0)).startsWith("arm siglip has collapsed: from step 40 on");
        assertThat(incidents.get(1)).startsWith("arm siglip has come back: from step 40 to step 119");
    }

    @Test
    void evaluationsComeBackFromACheckpointAlsoThoseOfAnEarlierProgram() {
        List<Evaluation> evaluations =
                new SampleRun().evaluations(1).build().arms().get(1).evaluations();
        JsonNode notes = new ObjectMapper().valueToTree(Map.of("evaluations", evaluations));
        assertThat(Checkpoints.evaluations(new History(List.of(), List.of(), notes, Instant.EPOCH, Duration.ZERO)))
                .isEqualTo(evaluations);

        notes.get("evaluations")
                .forEach(each -> ((ObjectNode) each).remove(List.of("pairs", "trainingPairs", "differences")));
        List<Evaluation> before =
                Checkpoints.evaluations(new History(List.of(), List.of(), notes, Instant.EPOCH, Duration.ZERO));
        assertThat(before).hasSameSizeAs(evaluations);
        assertThat(before.get(0).pairs()).isEmpty();
        assertThat(before.get(0).imageToText()).isEqualTo(evaluations.get(0).imageToText());
    }
}
