package siglip.job.stage;

import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.config.RingSettings;
import siglip.job.failures.FirstLine;
import siglip.job.failures.RootCause;
import siglip.job.formats.DataException;
import siglip.job.ring.CulpritException;
import siglip.job.ring.DriverNode;
import siglip.job.ring.NumericsException;
import siglip.job.ring.Rendezvous;
import siglip.job.ring.RingException;
import siglip.job.ring.Site;

/** One try at a barrier stage whose ranks form a ring: all of it succeeds, or all of it ends and the reason is known. */
public final class Attempt {
    private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);
    private static final long END_SECONDS = 60;
    private static final long POLL_MILLIS = 20;

    /** Spark learns of a lost process a moment after its connections have closed. */
    private static final Duration NEWS_OF_LOSS = Duration.ofSeconds(2);

    private static final SecureRandom NUMBERS = new SecureRandom(); // marks messages; no result depends on it

    private final JavaSparkContext spark;
    private final Request request;
    private final RecoveryClock clock;

    private Attempt(JavaSparkContext spark, Request request, RecoveryClock clock) {
        this.spark = spark;
        this.request = request;
        this.clock = clock;
    }

    /**
     * What an attempt asks of the cluster, and how it is called there.
     *
     * @param ranks that start together
     * @param cores of each
     * @param group of Spark's jobs, unlike that of any other attempt
     * @param description for Spark's pages
     */
    public record Request(int ranks, int cores, RingSettings ring, String group, String description) {}

    /**
     * Waits for room, does what goes before the stage, waits for room again, runs the stage, and the driver's part beside it on this thread.
     *
     * @param before done on the cluster before the ranks start, such as a {@link ShuffleJob}
     * @param stage submits the stage whose tasks join the ring
     * @param agree makes of what the ranks would compute with what all of them shall
     * @param clock told of the parts of a failure
     * @throws SlotsException if the cluster has no room for all ranks
     * @throws NumericsException if ranks compute differently
     * @throws DataException if the stage's feed cannot be made of the data
     * @throws TrainingException if the driver's part ended the training
     * @throws AttemptException if the stage failed otherwise
     */
    public static void run(
            JavaSparkContext spark,
            Request request,
            RecoveryClock clock,
            Runnable before,
            Function<Rendezvous, JavaFutureAction<?>> stage,
            Function<List<Fingerprint>, Fingerprint> agree,
            Consumer<DriverNode> driver) {
        Slots.await(spark, request.ranks, request.cores, request.ring.slotsTimeout());
        clock.lap(RecoveryClock.Part.SLOTS);
        try {
            before.run();
        } catch (DataException | SlotsException e) {
            throw e;
        } catch (RuntimeException e) {
            clock.notice();
            throw new AttemptException(e, "");
        }
        clock.lap(RecoveryClock.Part.SHUFFLED);
        Slots.await(spark, request.ranks, request.cores, request.ring.slotsTimeout());
        clock.lap(RecoveryClock.Part.SLOTS);
        new Attempt(spark, request, clock).run(stage, agree, driver);
    }

    private void run(
            Function<Rendezvous, JavaFutureAction<?>> stage,
            Function<List<Fingerprint>, Fingerprint> agree,
            Consumer<DriverNode> driver) {
        AtomicReference<JavaFutureAction<?>> job = new AtomicReference<>();
        try (RankExecutors executors = RankExecutors.watch(spark, request.group);
                DriverNode node = DriverNode.open(
                        Site.ofDriver(),
                        request.ranks,
                        NUMBERS.nextLong(),
                        request.ring,
                        offers -> agree.apply(
                                        offers.stream().map(Fingerprint::parse).toList())
                                .toString(),
                        () -> isOver(job.get()))) {
            spark.setJobGroup(request.group, request.description, true);
            try {
                job.set(stage.apply(node.rendezvous()));
                awaitStage(node, executors, job.get());
                node.awaitTasks(executors.begun());
                driver.accept(node);
                node.awaitLeave();
                job.get().get(END_SECONDS, TimeUnit.SECONDS);
            } catch (RuntimeException | ExecutionException | TimeoutException e) {
                throw failed(node, executors, job.get(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw failed(node, executors, job.get(), e);
            } finally {
                spark.clearJobGroup();
            }
        }
    }

    /** Waits while other stages go before that of the ranks, as long as there is room for them. */
    private void awaitStage(DriverNode node, RankExecutors executors, JavaFutureAction<?> job)
            throws InterruptedException {
        Slots.Watch room = new Slots.Watch(spark, request.cores, request.ring.slotsTimeout());
        while (!executors.submitted().isDone() && !node.isHeard() && !isOver(job)) {
            room.look();
            Thread.sleep(POLL_MILLIS);
        }
    }

    private static boolean isOver(JavaFutureAction<?> job) {
        return job != null && job.isDone();
    }

    /** Ends what is left of the attempt, and finds out why it failed. */
    private RuntimeException failed(DriverNode node, RankExecutors executors, JavaFutureAction<?> job, Exception e) {
        boolean interrupted = Thread.interrupted(); // or nothing below would wait
        clock.notice();
        LOG.debug("An attempt failed: {}", node.where(), e);
        Optional<RuntimeException> named = node.cause();
        node.sendAbort(e.getMessage() == null ? e.toString() : e.getMessage());
        if (named.isPresent()
                && named.get() instanceof CulpritException culprit
                && culprit.fault() == CulpritException.Fault.GAVE_UP) {
            hear(job);
        }
        Throwable sparks = job == null ? e : end(job).orElse(e);
        RuntimeException failure = failure(node, executors, named.orElse(null), e, sparks);
        clock.lap(RecoveryClock.Part.ENDED);
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
        return failure;
    }

    private RuntimeException failure(
            DriverNode node, RankExecutors executors, RuntimeException named, Exception e, Throwable sparks) {
        if (e instanceof TrainingException || e instanceof SlotsException) {
            return (RuntimeException) e;
        }
        if (named instanceof CulpritException culprit) {
            Optional<RankExecutors.Executor> where = executors.of(culprit.rank());
            String fate = where.map(found -> "; " + fate(executors, found, culprit.fault()))
                    .orElse("");
            return new AttemptException(culprit, where, culprit.getMessage() + fate);
        }
        if (named != null || e instanceof NumericsException || e instanceof DataException) {
            return named != null ? named : (RuntimeException) e;
        }
        List<String> replaced = new ArrayList<>();
        for (int rank : node.missing()) { // a task that began, in a process that says nothing
            executors
                    .of(rank)
                    .ifPresent(found -> replaced.add(fate(executors, found, CulpritException.Fault.UNRESPONSIVE)));
        }
        return new AttemptException(sparks, replaced.isEmpty() ? "" : "; " + String.join(", ", replaced));
    }

    /** What has become of a culprit's executor; one that no longer answers is replaced. */
    private static String fate(RankExecutors executors, RankExecutors.Executor found, CulpritException.Fault fault) {
        try {
            return switch (fault) {
                case GONE -> executors
                        .loss(found, NEWS_OF_LOSS)
                        .map(why -> "%s is lost: %s".formatted(found, FirstLine.of(why)))
                        .orElse(found + " is still there");
                case UNRESPONSIVE, UNFIT -> executors.replace(found)
                        ? found + " is replaced"
                        : found + " cannot be replaced on this master";
                case GAVE_UP, BEYOND_REPAIR -> found.toString();
            };
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return found.toString();
        }
    }

    /** Waits a moment for Spark to hear of the failure itself: of a fetch that failed it forgets the shuffle's lost part then, and not once the job is cancelled. */
    private static void hear(JavaFutureAction<?> job) {
        try {
            job.get(NEWS_OF_LOSS.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (ExecutionException | TimeoutException | CancellationException e) {
            LOG.debug("What Spark says of the failure", e);
        }
    }

    /** Cancels a job and waits until its tasks are gone; its own failure, if that is how it ended. */
    private static Optional<Throwable> end(JavaFutureAction<?> job) {
        boolean cancelled = job.cancel(true);
        try {
            job.get(END_SECONDS, TimeUnit.SECONDS);
            return Optional.empty();
        } catch (ExecutionException e) {
            return cancelled ? Optional.empty() : Optional.of(e.getCause());
        } catch (TimeoutException | CancellationException e) {
            return Optional.empty();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** An attempt failed. */
    public static final class AttemptException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private final boolean mendable;
        private final LogEvent facts;

        private AttemptException(CulpritException culprit, Optional<RankExecutors.Executor> where, String message) {
            super(message, culprit);
            mendable = culprit.mendable();
            facts = new LogEvent("attempt-failed")
                    .with("fault", culprit.fault().name().toLowerCase(Locale.ROOT))
                    .with("rank", culprit.rank());
            where.ifPresent(executor -> facts.with("executor", executor.id()).with("host", executor.host()));
        }

        private AttemptException(Throwable cause, String replaced) {
            super(RootCause.line(cause) + replaced, cause);
            mendable = true;
            facts = new LogEvent("attempt-failed").with("fault", "unknown");
        }

        /** Whether another attempt may succeed. */
        public boolean mendable() {
            return mendable;
        }

        /** Whether a rank was waited for in vain, with nothing broken: the machines, or the time that they are given, are not enough. */
        public boolean isLate() {
            return getCause() instanceof CulpritException culprit
                    ? culprit.fault() == CulpritException.Fault.UNRESPONSIVE
                    : getCause() instanceof RingException;
        }

        /** For the log: culprit and executor, where they are known. */
        public LogEvent facts() {
            return facts;
        }
    }
}
