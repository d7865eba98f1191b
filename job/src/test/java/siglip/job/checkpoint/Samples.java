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
import siglip.job.stage.Fingerprint;
import siglip.job.stage.PhaseSeconds;
import siglip.job.stage.RankStep;
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
        List<StepRecord> steps = new ArrayList<>();
        for (long s = from; s < step; s++) {
            steps.add(record("a", s));
            if (s < stopped) {
                steps.add(record("b", s));
            }
        }
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

    private static StepRecord record(String arm, long step) {
        boolean diverged = arm.equals("b") && step == STOPPED_AFTER - 1;
        RankStep rank = new RankStep(0, PhaseSeconds.of(phase -> 1 / (3.0 + phase.ordinal())), 1000, 2000);
        return new StepRecord(
                arm,
                step,
                1,
                diverged ? Double.NaN : 1.0 / (step + 3),
                diverged ? Double.POSITIVE_INFINITY : 0.7,
                Map.of("scale", 10.0, "bias", -5.0),
                Map.of("log_scale", 0.01, "bias", -0.02),
                3e-3,
                false,
                1,
                -1,
                2,
                -4,
                0.25,
                0.01,
                List.of(rank));
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
