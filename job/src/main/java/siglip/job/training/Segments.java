package siglip.job.training;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.batches.BatchSource;
import siglip.job.config.Settings;
import siglip.job.formats.DataFailure;
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
import siglip.job.stage.ShuffleJob;
import siglip.job.stage.SlotsException;
import siglip.job.stage.TrainingException;
import siglip.job.towers.ModelSpec;

/**
 * Segments of steps, each a barrier stage with the driver's halves of the arms beside it. A failed one is tried again from the last step that the
 * driver completed.
 */
final class Segments {
    private static final Logger LOG = LoggerFactory.getLogger(Segments.class);

    private final JavaSparkContext spark;
    private final Settings settings;
    private final ModelSpec model;
    private final BatchSource source;
    private final TrainingListener listener;
    private final Optional<String> measurement; // of what; empty for a training
    private final Slices rows;
    private final PieceLayout pieces;
    private final RecoveryClock clock = new RecoveryClock();
    private Optional<Fingerprint> numerics = Optional.empty();
    private int attempts;
    private boolean restored; // and no rank of this process has said yet what it computes with

    /** @param measurement its name, unlike that of any other, if nothing is trained: then no metrics of the training are kept */
    Segments(
            JavaSparkContext spark,
            Settings settings,
            ModelSpec model,
            BatchSource source,
            TrainingListener listener,
            Optional<String> measurement) {
        this.measurement = measurement;
        this.spark = spark;
        this.settings = settings;
        this.model = model;
        this.source = source;
        this.listener = listener;
        rows = new Slices(settings.training().batchSize(), settings.run().ranks());
        pieces = SegmentPlan.pieces(model.layout(), rows.ranks());
    }

    /** Goes on where another process stopped. */
    void restore(int attemptsBefore, Fingerprint numericsBefore) {
        attempts = attemptsBefore;
        numerics = Optional.of(numericsBefore);
        restored = true;
    }

    /** How the model is cut into the ranks' pieces. */
    PieceLayout pieces() {
        return pieces;
    }

    int attempts() {
        return attempts;
    }

    /** What all ranks compute with; empty before the first segment. */
    Optional<Fingerprint> numerics() {
        return numerics;
    }

    /** Told on the driver's thread, while the ranks compute the next step, that all arms have completed a number of steps or have stopped. */
    interface Boundary {
        /** @return what to do as soon as the records of all steps before have been told, if anything */
        Optional<Runnable> at(long step);
    }

    /**
     * Runs every arm that has not stopped to step {@code to}.
     *
     * @throws siglip.job.formats.DataException if the data have changed meanwhile, or cannot be read
     * @throws TrainingException if an error cannot be mended, or a segment fails again and again without a completed step
     * @throws SlotsException if the cluster has no room for all ranks for too long
     */
    void run(List<? extends DriverHalf> arms, long to, Boundary boundary) {
        int failures = 0;
        clock.start();
        while (nextStep(arms) < to) {
            long completed = completed(arms);
            try {
                attempt(arms, nextStep(arms), Math.min(to, source.segmentEnd(nextStep(arms))), boundary);
                failures = 0;
            } catch (Attempt.AttemptException e) {
                source.requireUnchanged();
                failures = completed(arms) > completed ? 1 : failures + 1;
                String text = "attempt %d ended at step %d: %s".formatted(attempts, nextStep(arms), e.getMessage());
                LOG.info(e.facts()
                        .with("run", settings.run().name())
                        .with("attempt", attempts)
                        .with("step", nextStep(arms))
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

    private static Stream<ArmState> going(List<? extends DriverHalf> arms) {
        return arms.stream().map(DriverHalf::state).filter(state -> state.stopped()
                .isEmpty());
    }

    private static long nextStep(List<? extends DriverHalf> arms) {
        return going(arms).mapToLong(ArmState::nextStep).min().orElse(Long.MAX_VALUE);
    }

    private static long completed(List<? extends DriverHalf> arms) {
        return arms.stream().mapToLong(arm -> arm.state().nextStep()).sum();
    }

    private void attempt(List<? extends DriverHalf> arms, long from, long to, Boundary boundary) {
        source.requireUnchanged();
        attempts++;
        if (measurement.isEmpty()) {
            TrainingMetrics.attempt();
        }
        String training = going(arms).map(state -> state.arm().name()).collect(Collectors.joining(", "));
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
                        "%s-attempt-%d".formatted(name(), attempts),
                        "%s %s: epoch %d, steps %d to %d, attempt %d"
                                .formatted(
                                        measurement.isEmpty() ? "train" : "measure",
                                        training,
                                        source.plan().epoch(from),
                                        from,
                                        to - 1,
                                        attempts)),
                clock,
                () -> source.shuffle(rows.ranks(), from, to)
                        .ifPresent(shuffled -> ShuffleJob.run(
                                spark,
                                shuffled,
                                "%s-shuffle-%d".formatted(name(), attempts),
                                "the pairs of epoch %d".formatted(source.plan().epoch(from)),
                                settings.ring().slotsTimeout(),
                                listener::phase)),
                meeting -> BarrierStage.of(
                                source.feed(spark, rows.ranks(), from, to),
                                settings.run().coresPerRank(),
                                new SegmentTask(plan(arms, meeting, from, to)),
                                Void.class)
                        .collectAsync(),
                this::agree,
                node -> drive(arms, node, from, to, boundary));
        LOG.info(event("attempt-done").with("next_step", to).toString());
    }

    /** Of the run, or of what is measured in it. */
    private String name() {
        return settings.run().name() + measurement.map(of -> "-" + of).orElse("");
    }

    private LogEvent event(String name) {
        return new LogEvent(name).with("run", name()).with("attempt", attempts);
    }

    private SegmentPlan plan(List<? extends DriverHalf> arms, Rendezvous meeting, long from, long to) {
        return new SegmentPlan(
                meeting,
                rows,
                from,
                to,
                arms.stream().map(arm -> arm.state().nextStep()).toList(),
                settings.run().seed(),
                model,
                arms.stream().map(arm -> SegmentPlan.Arm.of(arm.state().arm())).toList(),
                settings.loss().numerics(),
                settings.run().coresPerRank(),
                settings.training().microBatchSize().orElse(Integer.MAX_VALUE / 2),
                source.opener());
    }

    private void drive(List<? extends DriverHalf> arms, DriverNode node, long from, long to, Boundary boundary) {
        checkNumerics(Fingerprint.parse(node.assemble()));
        clock.lap(RecoveryClock.Part.JOINED);
        StepLedger ledger = new StepLedger(rows.ranks(), this::pass);
        List<ArmSteps> running = new ArrayList<>();
        for (DriverHalf arm : arms) {
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
                boundary.at(step + 1).ifPresent(ledger::afterwards);
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
                .with("shuffled_seconds", recovery.shuffled())
                .with("joined_seconds", recovery.joined())
                .with("redone_seconds", recovery.redone())
                .toString());
        listener.recovered(recovery);
    }

    private void incident(String text) {
        if (measurement.isEmpty()) {
            TrainingMetrics.incident();
        }
        listener.incident(text);
    }

    private void pass(StepRecord record) {
        if (measurement.isEmpty()) {
            TrainingMetrics.step(record, settings.training().batchSize());
        }
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
