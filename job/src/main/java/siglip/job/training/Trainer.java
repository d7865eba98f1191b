package siglip.job.training;

import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.data.BatchSource;
import siglip.job.ring.CulpritException;
import siglip.job.ring.DriverNode;
import siglip.job.ring.NumericsException;
import siglip.job.ring.PieceLayout;
import siglip.job.ring.Slices;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.Parameters;

/**
 * The driver of a training: owns the parameters of all arms, runs segments as barrier stages, and tries a failed segment
 * again from the last step that the driver completed.
 */
public final class Trainer {
    private static final Logger LOG = LoggerFactory.getLogger(Trainer.class);
    private static final long CANCEL_SECONDS = 60;

    private final JavaSparkContext spark;
    private final Settings settings;
    private final ModelSpec model;
    private final BatchSource source;
    private final TrainingListener listener;
    private final Slices rows;
    private final PieceLayout pieces;
    private final List<ArmAuthority> arms = new ArrayList<>();
    private final SecureRandom attemptNumbers = new SecureRandom(); // marks messages; no result depends on it
    private String numerics = "";
    private int attempts;

    /** Gives all arms the same start. */
    public Trainer(
            JavaSparkContext spark, Settings settings, ModelSpec model, BatchSource source, TrainingListener listener) {
        this.spark = spark;
        this.settings = settings;
        this.model = model;
        this.source = source;
        this.listener = listener;
        int ranks = settings.run().ranks();
        rows = new Slices(settings.training().batchSize(), ranks);
        pieces = PieceLayout.of(
                model.layout().dense(),
                model.layout().tableRows(),
                model.layout().tableWidth(),
                ranks);
        Parameters initial = model.initial(settings.run().seed());
        for (LossSettings.Arm arm : settings.loss().arms()) {
            ArmState state = new ArmState(
                    arms.size(), arm, initial, initialBias(arm), settings.loss().maxScale());
            arms.add(new ArmAuthority(state, model.decayed(), settings.training(), pieces));
        }
    }

    /** b at the start: as set, or the calibrated -log(N - 1), at which the negatives' share of the gradient is that of the positives. */
    public double initialBias(LossSettings.Arm arm) {
        if (arm.kind() == LossSettings.Kind.SOFTMAX) {
            return 0;
        }
        return arm.initialBias()
                .orElse(-Math.log(Math.max(1, settings.training().batchSize() - 1)));
    }

    public List<ArmState> arms() {
        return arms.stream().map(ArmAuthority::state).toList();
    }

    /** Largest accounted memory of a rank for an arm so far, in bytes. */
    public long peakBytes(int arm) {
        return arms.get(arm).peakBytes();
    }

    /** What all ranks compute with; empty before the first segment. */
    public String numerics() {
        return numerics;
    }

    /**
     * Trains every arm that has not stopped to step {@code to}.
     *
     * @throws TrainingException if an error cannot be mended, or a segment fails again and again without a completed step
     */
    public void run(long to) {
        int failures = 0;
        while (nextStep() < to) {
            long completed = completed();
            try {
                attempt(nextStep(), Math.min(to, source.segmentEnd(nextStep())));
                failures = 0;
            } catch (CulpritException | RingFailure e) {
                failures = completed() > completed ? 1 : failures + 1;
                String text = "attempt %d ended at step %d: %s".formatted(attempts, nextStep(), e.getMessage());
                boolean mendable = !(e instanceof CulpritException culprit) || culprit.mendable();
                if (!mendable || failures >= settings.training().attempts()) {
                    throw new TrainingException(
                            (mendable
                                    ? "Giving up after %d failed attempts without a completed step; the last: %s"
                                            .formatted(failures, text)
                                    : "Cannot go on: " + text),
                            e);
                }
                listener.incident(text);
            }
        }
    }

    private long nextStep() {
        return arms.stream()
                .map(ArmAuthority::state)
                .filter(state -> state.stopped().isEmpty())
                .mapToLong(ArmState::nextStep)
                .min()
                .orElse(Long.MAX_VALUE);
    }

    private long completed() {
        return arms.stream().mapToLong(arm -> arm.state().nextStep()).sum();
    }

    private void attempt(long from, long to) {
        attempts++;
        SparkEnv env = SparkEnv.get();
        String host = env.blockManager().blockManagerId().host();
        AtomicReference<JavaFutureAction<List<String>>> stage = new AtomicReference<>();
        long number = attemptNumbers.nextLong();
        try (DriverNode node = DriverNode.listen(
                rows.ranks(),
                number,
                env.conf(),
                env.securityManager(),
                host,
                env.conf().get("spark.driver.bindAddress", host),
                settings.ring(),
                () -> stage.get() != null && stage.get().isDone())) {
            SegmentPlan plan = new SegmentPlan(
                    node.address(),
                    number,
                    rows,
                    from,
                    to,
                    arms.stream().map(arm -> arm.state().nextStep()).toList(),
                    settings.run().seed(),
                    model,
                    settings.loss().arms().stream().map(LossSettings.Arm::kind).toList(),
                    settings.loss().duplicates(),
                    settings.loss().numerics(),
                    settings.ring(),
                    source.opener());
            String group = "%s-attempt-%d".formatted(settings.run().name(), attempts);
            spark.setJobGroup(group, "train steps %d to %d".formatted(from, to - 1), true);
            try {
                stage.set(BarrierStage.submit(source.feed(spark, rows.ranks(), from, to), new SegmentTask(plan)));
                drive(node, from, to);
                stage.get().get(CANCEL_SECONDS, TimeUnit.SECONDS);
            } catch (RuntimeException | ExecutionException | TimeoutException e) {
                throw failed(node, stage.get(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw failed(node, stage.get(), e);
            } finally {
                spark.clearJobGroup();
            }
        }
    }

    private void drive(DriverNode node, long from, long to) {
        checkNumerics(node.assemble());
        StepLedger ledger = new StepLedger(rows.ranks(), this::pass);
        List<ArmDriver> drivers = new ArrayList<>();
        for (ArmAuthority arm : arms) {
            drivers.add(new ArmDriver(node, arm, pieces, attempts));
        }
        try {
            drivers.forEach(ArmDriver::start);
            long last = System.nanoTime();
            for (long step = from; step < to; step++) {
                for (ArmDriver driver : drivers) {
                    if (driver.due(step)) {
                        StepRecord record = driver.step(step, step + 1 < to);
                        long now = System.nanoTime();
                        ledger.add(driver.arm(), record.withSeconds((now - last) * 1e-9));
                        last = now;
                        ledger.collect(node);
                    }
                }
            }
            node.awaitLeave();
            ledger.collect(node);
        } finally {
            ledger.close();
        }
    }

    private void pass(StepRecord record) {
        listener.step(record);
        if (!record.finite()) {
            listener.incident("arm %s stopped: loss %s, gradient norm %s at step %d"
                    .formatted(record.arm(), record.loss(), record.gradientNorm(), record.step()));
        }
    }

    private void checkNumerics(String now) {
        if (numerics.isEmpty()) {
            numerics = now;
        } else if (!numerics.equals(now)) {
            throw new NumericsException(
                    "Cannot go on with other numerics: the run began with %s, the ranks now compute with %s"
                            .formatted(numerics, now));
        }
    }

    /** Ends what is left of an attempt, and finds out why it failed. */
    private RuntimeException failed(DriverNode node, JavaFutureAction<List<String>> stage, Exception e) {
        LOG.debug("An attempt failed: {}", node.where(), e);
        Optional<RuntimeException> named = node.cause();
        node.sendAbort(e.getMessage() == null ? e.toString() : e.getMessage());
        Throwable sparks = stage == null ? e : end(stage).orElse(e);
        if (named.isPresent()) {
            return named.get();
        }
        return e instanceof NumericsException numericsDiffer
                ? numericsDiffer
                : new RingFailure(firstLine(sparks), sparks);
    }

    /** Cancels a stage and waits until its tasks are gone. */
    private static Optional<Throwable> end(JavaFutureAction<List<String>> stage) {
        try {
            stage.cancel(true);
            stage.get(CANCEL_SECONDS, TimeUnit.SECONDS);
            return Optional.empty();
        } catch (ExecutionException e) {
            return Optional.of(e.getCause());
        } catch (TimeoutException | java.util.concurrent.CancellationException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    private static String firstLine(Throwable cause) {
        String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
        return text.lines().filter(line -> !line.isBlank()).findFirst().orElse(text);
    }

    /** An attempt failed, and nobody can be named for it. */
    private static final class RingFailure extends RuntimeException {
        private static final long serialVersionUID = 1L;

        RingFailure(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
