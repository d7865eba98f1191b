package siglip.job.trackers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ComparisonResult;
import siglip.job.evaluation.Evaluation;
import siglip.job.figures.RunFigures;
import siglip.job.report.SampleRun;
import siglip.job.training.StepRecord;

class TrackersTest {
    private final SampleRun run = new SampleRun().steps(2).evaluations(1);
    private final ComparisonResult result = run.build();
    private final List<String> told = new ArrayList<>();

    /** Writes down what it is told; throws when it is told one thing. */
    private final class Noting implements Tracker {
        private final String name;
        private final String throwsAt;

        Noting(String name, String throwsAt) {
            this.name = name;
            this.throwsAt = throwsAt;
        }

        private void note(String what) {
            told.add(name + " " + what);
            if (what.equals(throwsAt)) {
                throw new IllegalStateException("no route to host");
            }
        }

        @Override
        public void begin() {
            note("begin");
        }

        @Override
        public void phase(String text) {
            note("phase");
        }

        @Override
        public void step(StepRecord step) {
            note("step");
        }

        @Override
        public void evaluation(Evaluation evaluation) {
            note("evaluation");
        }

        @Override
        public void incident(String text) {
            note("incident");
        }

        @Override
        public void end(RunFigures figures) {
            note("end");
        }

        @Override
        public void close() {
            note("close");
        }
    }

    private Trackers trackers(String firstThrowsAt) {
        Map<String, Tracker> both = new LinkedHashMap<>();
        both.put("first", new Noting("first", firstThrowsAt));
        both.put("second", new Noting("second", ""));
        return new Trackers(both);
    }

    private void tellAll(Trackers trackers) {
        trackers.begin();
        trackers.phase("reading");
        trackers.step(result.steps().get(0));
        trackers.evaluation(result.arms().get(0).evaluations().get(0));
        trackers.incident("rank 1 fell silent");
        trackers.end(run.figures());
        trackers.close();
    }

    @Test
    void allAreToldEverythingInOrder() {
        try (Trackers trackers = trackers("")) {
            tellAll(trackers);

            assertThat(trackers.failures()).isEmpty();
        }
        assertThat(told.subList(0, 14))
                .containsExactly(
                        "first begin",
                        "second begin",
                        "first phase",
                        "second phase",
                        "first step",
                        "second step",
                        "first evaluation",
                        "second evaluation",
                        "first incident",
                        "second incident",
                        "first end",
                        "second end",
                        "first close",
                        "second close");
    }

    @Test
    void oneThatThrowsIsToldNothingMoreAndTheRunHearsOfItOnce() {
        for (String at : List.of("begin", "phase", "step", "evaluation", "incident", "end", "close")) {
            told.clear();
            Trackers trackers = trackers(at);
            tellAll(trackers);

            assertThat(told.stream().filter(each -> each.startsWith("second"))).hasSize(7);
            assertThat(told.stream().filter(each -> each.startsWith("first")).reduce((a, b) -> b))
                    .contains("first " + at);
            assertThat(trackers.failures())
                    .containsExactly("tracker first failed and is told nothing more:"
                            + " java.lang.IllegalStateException: no route to host");
            assertThat(trackers.failures()).isEmpty();
        }
    }

    @Test
    void theProgressIsPrintedWhateverElseIsAskedFor() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        PrintStream terminal = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        try (Trackers trackers = Trackers.open(result.settings(), new Configuration(), terminal)) {
            trackers.phase("training to step 2");
        }
        assertThat(bytes.toString(StandardCharsets.UTF_8)).isEqualTo("training to step 2" + System.lineSeparator());
    }
}
