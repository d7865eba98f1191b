package siglip.job.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.batches.BatchSource;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.formats.DataFailure;
import siglip.job.losses.LossSpec;
import siglip.job.order.Slices;
import siglip.job.ring.DriverNode;
import siglip.job.ring.PieceLayout;
import siglip.job.ring.Rendezvous;
import siglip.job.stage.Attempt;
import siglip.job.stage.BarrierStage;
import siglip.job.stage.Fingerprint;
import siglip.job.stage.LogEvent;
import siglip.job.stage.Recovery;
import siglip.job.stage.RecoveryClock;
import siglip.job.stage.SlotsException;
import siglip.job.stage.TrainingException;
import siglip.job.towers.Modality;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;
import siglip.kernels.LossScalars;

/**
 * The driver of a training: owns the parameters of all arms, runs segments as barrier stages, and tries a failed segment
 * again from the last step that the driver completed.
 */
public final class Trainer {
    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);

    private final JavaSparkContext spark;
    private final Settings settings;
    private final ModelSpec model;
    private final BatchSource source;
    private final TrainingListener listener;
    private final Slices rows;
    private final PieceLayout pieces;
    private final List<ArmUpdate> arms = new ArrayList<>();
    private final RecoveryClock clock = new RecoveryClock();
    private Optional<Fingerprint> numerics = Optional.empty();
    private int attempts;
    private boolean restored; // and no rank of this process has said yet what it computes with

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
        this.spark = spark;
        this.settings = settings;
        this.model = model;
        this.source = source;
        this.listener = listener;
        int ranks = settings.run().ranks();
        rows = new Slices(settings.training().batchSize(), ranks);
        pieces = SegmentPlan.pieces(model.layout(), ranks);
        Parameters initial = model.initial(settings.run().seed());
        for (LossSettings.Arm arm : settings.loss().arms()) {
            double maxScale = settings.loss().maxScale();
            LossScalars scalars = LossSpec.initial(arm, settings.training().batchSize(), maxScale);
            ArmState state = new ArmState(arms.size(), arm, starts.apply(arm, initial), scalars, maxScale);
            arms.add(new ArmUpdate(state, model.decayed(), settings.training(), pieces));
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
        attempts = from.attempts();
        numerics = Optional.of(from.numerics());
        restored = true;
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
        return numerics.map(Fingerprint::table).orElse(Map.of());
    }

    /**
     * Trains every arm that has not stopped to step {@code to}.
     *
     * @throws siglip.job.formats.DataException if the data have changed meanwhile, or cannot be read
     * @throws TrainingException if an error cannot be mended, or a segment fails again and again without a completed step
     * @throws SlotsException if the cluster has no room for all ranks for too long
     */
    public void run(long to) {
        int failures = 0;
        clock.start();
        while (nextStep() < to) {
            long completed = completed();
            try {
                attempt(nextStep(), Math.min(to, source.segmentEnd(nextStep())));
                failures = 0;
            } catch (Attempt.AttemptException e) {
                source.requireUnchanged();
                failures = completed() > completed ? 1 : failures + 1;
                String text = "attempt %d ended at step %d: %s".formatted(attempts, nextStep(), e.getMessage());
                LOG.info(e.facts()
                        .with("run", settings.run().name())
                        .with("attempt", attempts)
                        .with("step", nextStep())
                        .with("failures_in_a_row", failures)
                        .with("why", e.getMessage())
                        .toString());
                if (!e.mendable() || failures >= settings.training().attempts()) {
                    DataFailure.refuse(settings.data().path(), e);
                    throw new TrainingException(
                            (e.mendable()
                                    ? "Giving up after %d failed attempts without a completed step; the last: %s"
                                            .formatted(failures, text)
                                    : "Cannot go on: " + text),
                            e);
                }
                incident(text);
            }
        }
        source.requireUnchanged();
    }

    private long nextStep() {
        return training().mapToLong(ArmState::nextStep).min().orElse(Long.MAX_VALUE);
    }

    private Stream<ArmState> training() {
        return arms.stream().map(ArmUpdate::state).filter(state -> state.stopped()
                .isEmpty());
    }

    private long completed() {
        return arms.stream().mapToLong(arm -> arm.state().nextStep()).sum();
    }

    private void attempt(long from, long to) {
        source.requireUnchanged();
        attempts++;
        TrainingMetrics.attempt();
        String training = training().map(state -> state.arm().name()).collect(Collectors.joining(", "));
        LOG.info(event("attempt-started")
                .with("arms", training)
                .with("epoch", source.plan().epoch(from))
                .with("from", from)
                .with("to", to)
                .with("ranks", rows.ranks())
                .toString());
        Attempt.run(
                spark,
                new Attempt.Request(
                        rows.ranks(),
                        settings.run().coresPerRank(),
                        settings.ring(),
                        "%s-attempt-%d".formatted(settings.run().name(), attempts),
                        "train %s: epoch %d, steps %d to %d, attempt %d"
                                .formatted(training, source.plan().epoch(from), from, to - 1, attempts)),
                clock,
                meeting -> BarrierStage.of(
                                source.feed(spark, rows.ranks(), from, to),
                                settings.run().coresPerRank(),
                                new SegmentTask(plan(meeting, from, to)),
                                Void.class)
                        .collectAsync(),
                this::agree,
                node -> drive(node, from, to));
        LOG.info(event("attempt-done").with("next_step", to).toString());
    }

    private LogEvent event(String name) {
        return new LogEvent(name).with("run", settings.run().name()).with("attempt", attempts);
    }

    private SegmentPlan plan(Rendezvous meeting, long from, long to) {
        return new SegmentPlan(
                meeting,
                rows,
                from,
                to,
                arms.stream().map(arm -> arm.state().nextStep()).toList(),
                settings.run().seed(),
                model,
                settings.loss().arms().stream().map(LossSettings.Arm::form).toList(),
                settings.loss().arms().stream().map(Trainer::frozen).toList(),
                settings.loss().duplicates(),
                settings.loss().numerics(),
                settings.run().coresPerRank(),
                settings.training().microBatchSize().orElse(Integer.MAX_VALUE / 2),
                source.opener());
    }

    /** The towers of an arm that nothing moves. */
    static Set<Modality> frozen(LossSettings.Arm arm) {
        return Stream.of(Modality.values())
                .filter(tower -> (tower == Modality.IMAGE ? arm.image() : arm.text()).frozen())
                .collect(Collectors.toUnmodifiableSet());
    }

    private void drive(DriverNode node, long from, long to) {
        checkNumerics(Fingerprint.parse(node.assemble()));
        clock.lap(RecoveryClock.Part.JOINED);
        StepLedger ledger = new StepLedger(rows.ranks(), this::pass);
        List<ArmSteps> running = new ArrayList<>();
        for (ArmUpdate arm : arms) {
            running.add(new ArmSteps(node, arm, pieces, attempts));
        }
        try {
            running.forEach(ArmSteps::start);
            long last = System.nanoTime();
            for (long step = from; step < to; step++) {
                for (ArmSteps each : running) {
                    if (each.due(step)) {
                        StepRecord done = each.step(step, step + 1 < to);
                        long now = System.nanoTime();
                        ledger.add(each.arm(), done, (now - last) * 1e-9);
                        last = now;
                        clock.stepDone(attempts, step).ifPresent(this::recovered);
                        ledger.collect(node);
                    }
                }
                atBoundary(step + 1, ledger);
            }
            node.awaitLeave();
        } finally {
            ledger.collect(node);
            ledger.close();
        }
    }

    private void recovered(Recovery recovery) {
        LOG.info(event("recovered")
                .with("step", recovery.step())
                .with("seconds", recovery.seconds())
                .with("noticed_seconds", recovery.noticed())
                .with("ended_seconds", recovery.ended())
                .with("slots_seconds", recovery.slots())
                .with("joined_seconds", recovery.joined())
                .with("redone_seconds", recovery.redone())
                .toString());
        listener.recovered(recovery);
    }

    /** The ranks compute the next step meanwhile: the driver has nothing else to do until their sums come in. */
    private void atBoundary(long step, StepLedger ledger) {
        if (listener.wantsSnapshot(step)) {
            TrainingSnapshot snapshot = new TrainingSnapshot(
                    step,
                    attempts,
                    numerics.orElseThrow(),
                    arms.stream().map(ArmUpdate::snapshot).toList());
            ledger.afterwards(() -> listener.snapshot(snapshot));
        }
    }

    private void incident(String text) {
        TrainingMetrics.incident();
        listener.incident(text);
    }

    private void pass(StepRecord record) {
        TrainingMetrics.step(record, settings.training().batchSize());
        listener.step(record);
        if (!record.finite()) {
            incident("arm %s stopped: loss %s, gradient norm %s at step %d"
                    .formatted(record.arm(), record.loss(), record.gradientNorm(), record.step()));
        }
    }

    /** The first attempt decides; the ranks of a later one compute with the same, or say why they cannot. */
    private Fingerprint agree(List<Fingerprint> offers) {
        if (numerics.isPresent() && !restored) {
            return numerics.get();
        }
        Fingerprint common = Fingerprint.common(offers);
        return numerics.map(before -> before.resumedOn(common)).orElse(common);
    }

    private void checkNumerics(Fingerprint agreed) {
        if (numerics.isPresent() && !numerics.get().equals(agreed)) {
            listener.incident("resumed with other numerics, so that results differ by rounding: %s before, %s now"
                    .formatted(numerics.get(), agreed));
        }
        numerics = Optional.of(agreed);
        restored = false;
    }
}
