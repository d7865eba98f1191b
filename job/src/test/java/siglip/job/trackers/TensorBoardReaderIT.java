package siglip.job.trackers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.comparison.ComparisonResult;
import siglip.job.evaluation.Evaluation;
import siglip.job.figures.RunFigures;
import siglip.job.report.SampleRun;
import siglip.job.training.StepRecord;

/** TensorBoard's own reader finds every number of a run, each once, although the run was interrupted. */
class TensorBoardReaderIT {
    private static final long SECOND = 1_000_000_000L;
    private static final int INTERRUPTED = 300; // records of steps, of two arms

    @TempDir
    private Path folder;

    @Test
    void itReadsBackEveryNumberOfARunThatWasInterrupted() throws IOException, InterruptedException {
        PythonEnvironment python = PythonEnvironment.with("tensorboard", "tensorboard==2.21.0");
        ComparisonResult result = new SampleRun().out(folder.toString()).build();
        write(result);

        for (String arm : List.of("siglip", "clip")) {
            String events = Path.of(result.settings().run().folder(), "tensorboard", arm)
                    .toString();
            JsonNode read = new ObjectMapper()
                    .readTree(python.run(
                            Path.of("src", "test", "resources", "tensorboard", "read.py"),
                            folder.resolve(arm + ".json"),
                            events));
            int numbers = 0;
            double started = result.started().toEpochMilli() / 1e3;
            double seconds = 0;
            for (StepRecord step : result.steps().stream()
                    .filter(each -> each.arm().equals(arm))
                    .toList()) {
                seconds += step.seconds();
                for (Map.Entry<String, Double> each : Scalars.of(step).entrySet()) {
                    numbers++;
                    JsonNode found = one(read, each.getKey(), step.step());
                    assertThat(found.get(2).floatValue())
                            .isEqualTo(each.getValue().floatValue());
                    assertThat(found.get(0).asDouble()).isCloseTo(started + seconds, within(1e-5));
                }
            }
            for (Evaluation evaluation : evaluations(result, arm)) {
                for (Map.Entry<String, Double> each : Scalars.of(evaluation).entrySet()) {
                    numbers++;
                    assertThat(one(read, each.getKey(), evaluation.step())
                                    .get(2)
                                    .floatValue())
                            .isEqualTo(each.getValue().floatValue());
                }
            }
            int found = 0;
            for (JsonNode tag : read) {
                found += tag.size();
            }
            assertThat(found).isEqualTo(numbers).isGreaterThan(10_000);
        }
    }

    private static JsonNode one(JsonNode read, String tag, long step) {
        List<JsonNode> found = new ArrayList<>();
        read.path(tag).forEach(event -> {
            if (event.get(1).asLong() == step) {
                found.add(event);
            }
        });
        assertThat(found).as("%s at step %d", tag, step).hasSize(1);
        return found.get(0);
    }

    private static List<Evaluation> evaluations(ComparisonResult result, String arm) {
        return result.arms().stream()
                .filter(each -> each.arm().name().equals(arm))
                .flatMap(each -> each.evaluations().stream())
                .toList();
    }

    private static void write(ComparisonResult result) {
        List<StepRecord> steps = result.steps();
        AtomicLong clock = new AtomicLong();
        try (TensorBoard killed = new TensorBoard(result.settings(), new Configuration(), clock::get)) {
            killed.begun(result.started(), List.of(), List.of());
            for (StepRecord step : steps.subList(0, INTERRUPTED + 200)) {
                clock.addAndGet(SECOND);
                killed.step(step);
            }
        }
        try (TensorBoard next = new TensorBoard(result.settings(), new Configuration(), clock::get)) {
            next.begun(result.started(), steps.subList(0, INTERRUPTED), List.of());
            for (StepRecord step : steps.subList(INTERRUPTED, steps.size())) {
                clock.addAndGet(SECOND);
                next.step(step);
            }
            result.arms().forEach(arm -> arm.evaluations().forEach(next::evaluation));
            next.end(RunFigures.of(result));
        }
    }
}
