package siglip.job.trackers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ArmResult;
import siglip.job.comparison.ComparisonResult;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.report.SampleRun;
import siglip.job.training.StepRecord;

class ProgressPrinterTest {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final ComparisonResult result =
            new SampleRun().steps(100).evaluations(1).build();
    private long nanos;

    @Test
    void aTerminalShowsOneLineThatIsRewritten() {
        ProgressPrinter printer = printer(true);
        train(printer, 100);
        printer.close();

        String text = text();
        assertThat(text.chars().filter(c -> c == '\n')).hasSize(1);
        assertThat(text).contains("\r").contains("clip     step 100/100").endsWith("0:00 left\n");
    }

    @Test
    void elsewhereALineComesNowAndThenAndAtTheEnd() {
        train(printer(false), 100);

        List<String> lines = text().lines().toList();
        // 200 steps of one second, a line each ten seconds, the first step and the last
        assertThat(lines).hasSizeBetween(20, 22);
        assertThat(lines).noneMatch(line -> line.contains("\r"));
        assertThat(lines.get(lines.size() - 1)).contains("step 100/100");
    }

    @Test
    void timeLeftCountsAllArmsAndTheirPauses() {
        ProgressPrinter printer = printer(false);
        train(printer, 50);

        // 50 of 100 steps done by two arms at one second each, so 100 seconds are left at the end of step 50
        String last = text().lines().reduce((a, b) -> b).orElseThrow();
        int step = Integer.parseInt(last.replaceAll(".*step (\\d+)/.*", "$1"));
        int left = 200 - 2 * step + (last.startsWith("siglip") ? 1 : 0);
        assertThat(last).endsWith("%d:%02d left".formatted(left / 60, left % 60));
    }

    @Test
    void noTimeIsLeftBeforeThePaceHasSettled() {
        ProgressPrinter printer = printer(true);
        List<String> lines = new ArrayList<>();
        for (int step = 0; step < 30; step++) {
            for (ArmResult arm : result.arms()) {
                double seconds = step == 0 ? 2 : step < 10 ? 0.5 : 0.1;
                nanos += Math.round(seconds * 1e9);
                bytes.reset();
                printer.step(arm.steps().get(step).timed(seconds, 0, List.of()));
                lines.add(text());
            }
        }

        assertThat(lines.subList(0, 3)).as("begun within 3 seconds").noneMatch(line -> line.contains(" left"));
        assertThat(lines.get(1)).contains("128 pairs/s");
        // 70 steps of both arms at a tenth of a second, and what is left in the mean of those of half a second
        assertThat(lines.get(lines.size() - 1)).containsPattern(" 0:(1[4-9]|2[0-2]) left");
    }

    @Test
    void theFirstSetThatIsEvaluatedIsTheOneThatIsShown() {
        ProgressPrinter printer = printer(true);
        ArmResult arm = result.arms().get(0);
        for (Map.Entry<HeldOut, Double> each :
                Map.of(HeldOut.UNSEEN, 0.25, HeldOut.UNSORTED, 0.5).entrySet()) {
            bytes.reset();
            ProgressPrinter alone = printer(true);
            evaluated(alone, arm, each.getKey(), each.getValue());
            alone.step(arm.steps().get(0));
            assertThat(text()).contains(each.getKey().label() + ": R@1/5/10").containsPattern("R@1 (25|50)\\.0 %");
        }
        bytes.reset();
        evaluated(printer, arm, HeldOut.SEEN, 0.75);
        evaluated(printer, arm, HeldOut.UNSEEN, 0.25);
        printer.step(arm.steps().get(0));
        assertThat(text()).contains("R@1 75.0 %");
    }

    private static void evaluated(ProgressPrinter printer, ArmResult arm, HeldOut set, double r1) {
        RetrievalScore score = RetrievalScore.of(100, r1, r1, r1);
        printer.evaluation(
                new Evaluation(arm.arm().name(), 0, set, score, score, Map.of(), Map.of(), Map.of(), List.of()));
    }

    @Test
    void evaluationsAndIncidentsHaveLinesOfTheirOwn() {
        ProgressPrinter printer = printer(true);
        train(printer, 10);
        printer.evaluation(result.arms().get(0).evaluations().get(0));
        printer.incident("rank 1 fell silent");
        nanos += 1_000_000_000L;
        printer.step(slow(result.arms().get(0).steps().get(10)));

        assertThat(text())
                .containsPattern("\r +\revaluation at step 100, siglip, seen: R@1/5/10 image to text \\d")
                .contains("\n! rank 1 fell silent\n")
                .containsPattern("R@1 \\d+\\.\\d %");
    }

    @Test
    void anArmThatStoppedIsNotWaitedFor() {
        ComparisonResult broken = new SampleRun().steps(100).diverging(1, 3).build();
        ProgressPrinter printer = printer(false);
        for (ArmResult arm : List.of(broken.arms().get(1), broken.arms().get(0))) {
            for (StepRecord step : arm.steps()) {
                nanos += 1_000_000_000L;
                printer.step(slow(step));
            }
        }

        assertThat(text().lines().reduce((a, b) -> b).orElseThrow())
                .startsWith("siglip   step 100/100")
                .endsWith("0:00 left");
    }

    private ProgressPrinter printer(boolean terminal) {
        PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
        return new ProgressPrinter(result.settings(), out, terminal, () -> nanos);
    }

    /** The arms take turns; each step takes a second. */
    private void train(ProgressPrinter printer, int steps) {
        for (int step = 0; step < steps; step++) {
            for (ArmResult arm : result.arms()) {
                nanos += 1_000_000_000L;
                printer.step(slow(arm.steps().get(step)));
            }
        }
    }

    private static StepRecord slow(StepRecord step) {
        return step.timed(1.0, step.driverSeconds(), step.ranks());
    }

    private String text() {
        return bytes.toString(StandardCharsets.UTF_8);
    }
}
