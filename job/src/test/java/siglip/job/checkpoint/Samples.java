package siglip.job.checkpoint;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import siglip.job.optimizer.OptimizerSnapshot;
import siglip.job.optimizer.Slot;
import siglip.job.report.SampleRun;
import siglip.job.stage.Fingerprint;
import siglip.job.training.ArmSnapshot;
import siglip.job.training.StepRecord;
import siglip.job.training.TrainingSnapshot;
import siglip.kernels.Loss;
import siglip.kernels.Numerics;

/** Checkpoints of a run that never was: two arms, of which one stopped after three steps. */
public final class Samples {
    public static final RunIdentity IDENTITY =
            new RunIdentity(Map.of("training.steps", "720", "run.seed", "1"), "data");
    static final int STOPPED_AFTER = 3;

    private static final List<StepRecord> STEPS = new SampleRun()
            .arms("a", "b")
            .steps(100)
            .evaluations(0)
            .diverging(1, STOPPED_AFTER - 1)
            .build()
            .steps();

    private Samples() {}

    /** The local disk as the package uses it. */
    public static FileSystem disk() throws IOException {
        FileSystem disk = new RawLocalFileSystem();
        disk.initialize(URI.create("file:///"), new Configuration());
        return disk;
    }

    /** After {@code step} steps, with the records from step {@code from} on. */
    public static Checkpoint checkpoint(long from, long step) {
        SplittableRandom random = new SplittableRandom(step);
        long stopped = Math.min(step, STOPPED_AFTER);
        List<StepRecord> steps = STEPS.stream()
                .filter(record -> record.step() >= from && record.step() < step)
                .toList();
        return new Checkpoint(
                IDENTITY,
                2,
                new TrainingSnapshot(
                        step,
                        1,
                        new Fingerprint(new Numerics("java", "fp32", "scalar", 64), 2),
                        List.of(
                                arm("a", step, Optional.empty(), random),
                                arm("b", stopped, Optional.of("loss NaN"), random))),
                new History(
                        steps,
                        List.of("attempt 1 ended"),
                        JsonNodeFactory.instance.objectNode().put("told", 0.1),
                        Instant.EPOCH,
                        Duration.ofMillis(1500)));
    }

    private static ArmSnapshot arm(String name, long step, Optional<String> stopped, SplittableRandom random) {
        int dense = name.equals("a") ? 70_000 : 500; // more than one chunk of a file, and less
        return new ArmSnapshot(
                name,
                Loss.SIGMOID,
                step,
                stopped,
                slot("parameters", dense, random.nextDouble(), -random.nextDouble(), random),
                new OptimizerSnapshot(
                        "adamw",
                        step,
                        List.of(
                                slot("mean", dense, random.nextDouble(), Double.MIN_VALUE, random),
                                slot("square", dense, random.nextDouble(), 0.1, random))),
                12345);
    }

    private static Slot slot(String name, int dense, double scale, double bias, SplittableRandom random) {
        return new Slot(name, floats(dense, random), floats(48, random), new double[] {scale, bias});
    }

    private static float[] floats(int count, SplittableRandom random) {
        float[] floats = new float[count];
        for (int i = 0; i < count; i++) {
            floats[i] = (float) (random.nextDouble() - 0.5);
        }
        return floats;
    }

    /** Every bit that a checkpoint holds, as text; steps apart. */
    static String bits(Checkpoint checkpoint) {
        StringBuilder text = new StringBuilder();
        TrainingSnapshot training = checkpoint.training();
        text.append(training.step()).append(training.attempts()).append(training.numerics());
        for (ArmSnapshot arm : training.arms()) {
            OptimizerSnapshot optimizer = arm.optimizer();
            text.append(arm.arm()).append(arm.nextStep()).append(arm.stopped()).append(arm.peakBytes());
            text.append(arm.loss()).append(optimizer.optimizer()).append(optimizer.updates());
            List<Slot> slots = new ArrayList<>(optimizer.slots());
            slots.add(arm.parameters());
            for (Slot slot : slots) {
                text.append(slot.name())
                        .append(Arrays.toString(slot.scalars()))
                        .append(Arrays.hashCode(slot.dense()))
                        .append(' ')
                        .append(Arrays.hashCode(slot.table()));
            }
        }
        History history = checkpoint.history();
        return text.append(checkpoint.identity())
                .append(history.incidents())
                .append(history.notes())
                .append(history.started())
                .append(history.spent())
                .toString();
    }
}
