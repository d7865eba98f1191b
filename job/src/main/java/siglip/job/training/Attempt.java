package siglip.job.training;

import java.security.SecureRandom;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaSparkContext;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.config.RingSettings;
import siglip.job.data.DataException;
import siglip.job.ring.Address;
import siglip.job.ring.DriverNode;
import siglip.job.ring.NumericsException;

/** One try at a barrier stage whose ranks form a ring: all of it succeeds, or all of it ends and the reason is known. */
final class Attempt {
    private static final Logger LOG = LoggerFactory.getLogger(Attempt.class);
    private static final long END_SECONDS = 60;
    private static final SecureRandom NUMBERS = new SecureRandom(); // marks messages; no result depends on it

    private Attempt() {}

    /** Submits the stage whose tasks join the ring. */
    interface Stage {
        /**
         * @param driver where the driver listens
         * @param number the number that marks the attempt's messages
         */
        JavaFutureAction<?> submit(Address driver, long number);
    }

    /**
     * Runs a stage, and the driver's part beside it on this thread.
     *
     * @param description for Spark's pages
     * @param agree makes of what the ranks would compute with what all of them shall
     * @throws siglip.job.ring.CulpritException if a rank failed
     * @throws NumericsException if ranks compute differently
     * @throws DataException if the stage's feed cannot be made of the data
     * @throws AttemptException if the stage failed and no rank can be named for it
     */
    static void run(
            JavaSparkContext spark,
            int ranks,
            RingSettings ring,
            String group,
            String description,
            Stage stage,
            Function<List<String>, String> agree,
            Consumer<DriverNode> driver) {
        SparkEnv env = SparkEnv.get();
        String host = env.blockManager().blockManagerId().host();
        String bindHost = env.conf().get("spark.driver.bindAddress", host);
        AtomicReference<JavaFutureAction<?>> job = new AtomicReference<>();
        long number = NUMBERS.nextLong();
        try (DriverNode node = DriverNode.listen(
                ranks,
                number,
                env.conf(),
                env.securityManager(),
                host,
                bindHost,
                ring,
                agree,
                () -> isOver(job.get()))) {
            spark.setJobGroup(group, description, true);
            try {
                job.set(stage.submit(node.address(), number));
                driver.accept(node);
                node.awaitLeave();
                job.get().get(END_SECONDS, TimeUnit.SECONDS);
            } catch (RuntimeException | ExecutionException | TimeoutException e) {
                throw failed(node, job.get(), e);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw failed(node, job.get(), e);
            } finally {
                spark.clearJobGroup();
            }
        }
    }

    private static boolean isOver(JavaFutureAction<?> job) {
        return job != null && job.isDone();
    }

    /** Ends what is left of the attempt, and finds out why it failed. */
    private static RuntimeException failed(DriverNode node, JavaFutureAction<?> job, Exception e) {
        LOG.debug("An attempt failed: {}", node.where(), e);
        Optional<RuntimeException> named = node.cause();
        node.sendAbort(e.getMessage() == null ? e.toString() : e.getMessage());
        Throwable sparks = job == null ? e : end(job).orElse(e);
        return named.orElseGet(() -> e instanceof NumericsException || e instanceof DataException
                ? (RuntimeException) e
                : new AttemptException(sparks));
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

    /** An attempt failed, and no rank can be named for it. */
    static final class AttemptException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        AttemptException(Throwable cause) {
            super(shortened(cause), cause);
        }

        /** Spark's own account says in its first line what it gave up, and in its second why. */
        private static String shortened(Throwable cause) {
            String text = cause.getMessage() == null ? cause.toString() : cause.getMessage();
            return text.lines().filter(line -> !line.isBlank()).limit(2).collect(Collectors.joining(" "));
        }
    }
}
