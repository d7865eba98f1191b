package siglip.job.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BiFunction;
import org.apache.spark.api.java.JavaSparkContext;
import siglip.job.batches.BatchSource;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.losses.LossSpec;
import siglip.job.stage.Fingerprint;
import siglip.job.stage.SlotsException;
import siglip.job.stage.TrainingException;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.kernels.LossScalars;

/** The driver of a training: owns the parameters of all arms, and moves them segment by segment. */
public final class Trainer {
    private final TrainingListener listener;
    private final Segments segments;
    private final List<ArmUpdate> arms = new ArrayList<>();

    /** Gives all arms the same start, from scratch. */
    public Trainer(
            JavaSparkContext spark, Settings settings, ModelSpec model, BatchSource source, TrainingListener listener) {
        this(spark, settings, model, source, listener, (arm, scratch) -> scratch);
    }

    /** @param starts where an arm starts, given a start from scratch that all share */
    public Trainer(
            JavaSparkContext spark,
            Settings settings,
            ModelSpec model,
            BatchSource source,
            TrainingListener listener,
            BiFunction<LossSettings.Arm, Parameters, Parameters> starts) {
        this.listener = listener;
        segments = new Segments(spark, settings, model, source, listener, Optional.empty());
        Parameters initial = model.initial(settings.run().seed());
        ArmUpdate.Measured measured =
                new ArmUpdate.Measured(model.tensors(), settings.measure().everySteps());
        for (LossSettings.Arm arm : settings.loss().arms()) {
            LossScalars scalars = LossSpec.initial(arm, settings.training().batchSize());
            ArmState state = new ArmState(arms.size(), arm, starts.apply(arm, initial), scalars);
            arms.add(new ArmUpdate(state, model.decayed(), settings.training(), segments.pieces(), measured));
        }
    }

    /**
     * Goes on where a snapshot was taken, by a training with the same settings and data, and any number of ranks.
     *
     * @throws IllegalArgumentException if the snapshot has other arms, or arms of another size
     */
    public void restore(TrainingSnapshot from) {
        List<String> named = from.arms().stream().map(ArmSnapshot::arm).toList();
        List<String> mine = arms().stream().map(state -> state.arm().name()).toList();
        if (!named.equals(mine)) {
            throw new IllegalArgumentException(
                    "Cannot go on from a snapshot of the arms %s: this training has %s".formatted(named, mine));
        }
        for (int i = 0; i < arms.size(); i++) {
            arms.get(i).restore(from.arms().get(i));
        }
        segments.restore(from.attempts(), from.numerics());
    }

    /** Copies of the arms that train on, as they are between two segments. */
    public List<ArmSnapshot> snapshots() {
        return arms.stream()
                .map(ArmUpdate::snapshot)
                .filter(arm -> arm.stopped().isEmpty())
                .toList();
    }

    public List<ArmState> arms() {
        return arms.stream().map(ArmUpdate::state).toList();
    }

    /** Largest accounted memory of a rank for an arm so far, in bytes. */
    public long peakBytes(int arm) {
        return arms.get(arm).peakBytes();
    }

    /** What all ranks compute with, by name; empty before the first segment. */
    public Map<String, String> numerics() {
        return segments.numerics().map(Fingerprint::table).orElse(Map.of());
    }

    /**
     * Trains every arm that has not stopped to step {@code to}.
     *
     * @throws siglip.job.formats.DataException if the data have changed meanwhile, or cannot be read
     * @throws TrainingException if an error cannot be mended, or a segment fails again and again without a completed step
     * @throws SlotsException if the cluster has no room for all ranks for too long
     */
    public void run(long to) {
        segments.run(arms, to, this::atBoundary);
    }

    /** The ranks compute the next step meanwhile: the driver has nothing else to do until their sums come in. */
    private Optional<Runnable> atBoundary(long step) {
        if (!listener.wantsSnapshot(step)) {
            return Optional.empty();
        }
        TrainingSnapshot snapshot = new TrainingSnapshot(
                step,
                segments.attempts(),
                segments.numerics().orElseThrow(),
                arms.stream().map(ArmUpdate::snapshot).toList());
        return Optional.of(() -> listener.snapshot(snapshot));
    }
}
