package siglip.job.trackers;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.comparison.ComparisonResult;
import siglip.job.config.Settings;
import siglip.job.evaluation.Evaluation;
import siglip.job.figures.RunFigures;
import siglip.job.report.SampleRun;
import siglip.job.training.StepRecord;

class TensorBoardTest {
    private static final long SECOND = 1_000_000_000L;

    @TempDir
    private Path folder;

    private final AtomicLong clock = new AtomicLong();
    private ComparisonResult result;
    private List<StepRecord> steps;
    private List<Evaluation> evaluations;

    @BeforeEach
    void run() {
        result = new SampleRun().steps(40).evaluations(2).out(folder.toString()).build();
        steps = result.steps();
        evaluations = result.arms().stream()
                .flatMap(arm -> arm.evaluations().stream())
                .toList();
    }

    private TensorBoard tracker() {
        return new TensorBoard(result.settings(), new Configuration(), clock::get);
    }

    private void end(TensorBoard tracker) {
        evaluations.forEach(tracker::evaluation);
        tracker.end(RunFigures.of(result));
        tracker.close();
    }

    private List<Path> parts(String arm) throws IOException {
        Path events = Path.of(result.settings().run().folder(), "tensorboard", arm);
        try (Stream<Path> files = Files.list(events)) {
            return files.sorted().toList();
        }
    }

    /** Steps of all events that hold a tag, in the order of the parts. */
    private long[] stepsOf(String arm, String tag) throws IOException {
        LongStream.Builder found = LongStream.builder();
        for (Path part : parts(arm)) {
            ByteBuffer bytes = ByteBuffer.wrap(Files.readAllBytes(part)).order(ByteOrder.LITTLE_ENDIAN);
            while (bytes.hasRemaining()) {
                byte[] message = new byte[(int) bytes.getLong()];
                bytes.getInt();
                bytes.get(message);
                bytes.getInt();
                if (new String(message, StandardCharsets.ISO_8859_1).contains(tag)) {
                    found.add(message[10] & 0x7f); // after key and time of 9 bytes, and the key of the step
                }
            }
        }
        return found.build().toArray();
    }

    private static long[] upTo(int end) {
        return LongStream.range(0, end).toArray();
    }

    @Test
    void aPartIsWrittenEachMinuteAndNoStepTwice() throws IOException {
        try (TensorBoard tracker = tracker()) {
            tracker.begun(result.started(), List.of(), List.of());
            for (StepRecord step : steps) {
                clock.addAndGet(5 * SECOND);
                tracker.step(step);
            }
            end(tracker);
        }
        assertThat(parts("siglip")).hasSizeBetween(2, 8);
        assertThat(parts("siglip"))
                .allSatisfy(part -> assertThat(part.getFileName().toString())
                        .matches("events\\.out\\.tfevents\\.\\d{10}\\.\\w{8}"));
        for (String arm : List.of("siglip", "clip")) {
            assertThat(stepsOf(arm, "step/loss")).containsExactly(upTo(40));
            assertThat(stepsOf(arm, "unseen/pairs.infonce")).containsExactly(20, 40);
        }
        assertThat(stepsOf("siglip", "tensor_rms_ratio/image.1.weights")).isNotEmpty();
    }

    @Test
    void aRunThatGoesOnHasEachStepOnceWhateverItsDriversHaveLeft() throws IOException {
        try (TensorBoard killed = tracker()) { // after a checkpoint of 10 steps and 15 more
            killed.begun(result.started(), List.of(), List.of());
            for (StepRecord step : steps.subList(0, 50)) {
                clock.addAndGet(30 * SECOND);
                killed.step(step);
            }
        }
        TensorBoard late = tracker(); // one that does not know yet that its run was taken over
        late.begun(result.started(), steps.subList(0, 20), List.of());
        try (TensorBoard next = tracker()) {
            next.begun(result.started(), steps.subList(0, 20), List.of());
            for (StepRecord step : steps.subList(20, 30)) {
                clock.addAndGet(61 * SECOND);
                late.step(step);
                next.step(step);
            }
            late.close();
            steps.subList(30, steps.size()).forEach(next::step);
            end(next);
        }
        for (String arm : List.of("siglip", "clip")) {
            assertThat(stepsOf(arm, "step/loss")).containsExactly(upTo(40));
        }
    }

    @Test
    void whatThereIsNotIsLeftOut() {
        assertThat(Scalars.of(steps.get(0)))
                .containsKeys("step/loss", "scalars/scale", "scalars/bias", "seconds/forward")
                .doesNotContainValue(Double.NaN);
        assertThat(Scalars.of(steps.get(1))).doesNotContainKey("scalars/bias");
    }

    @Test
    void aFolderThatCannotBeWrittenCostsTheRunNothing() throws IOException {
        Path run = Files.createDirectories(Path.of(result.settings().run().folder()));
        Trackers trackers = new Trackers(Map.of("tensorboard", tracker()));
        trackers.begun(Instant.EPOCH, List.of(), List.of());
        Files.writeString(run.resolve("tensorboard"), "no folder");
        steps.forEach(trackers::step);
        trackers.end(RunFigures.of(result));

        assertThat(trackers.failures())
                .singleElement()
                .asString()
                .startsWith("tracker tensorboard failed and is told nothing more")
                .contains("Cannot write");
    }

    @Test
    void aSettingTurnsItOff() {
        Settings settings = result.settings();

        assertThat(TrackerKind.of(settings)).containsExactly(TrackerKind.PROGRESS, TrackerKind.TENSORBOARD);
        assertThat(TrackerKind.TENSORBOARD.isWanted(new Settings.Trackers(false)))
                .isFalse();
    }
}
