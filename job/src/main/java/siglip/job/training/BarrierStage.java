package siglip.job.training;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;
import siglip.job.config.RingSettings;
import siglip.job.data.DataException;
import siglip.job.ring.Address;
import siglip.job.ring.RankNode;

/**
 * Runs one body a rank in a barrier result stage, which starts all of them together or none, and is never retried by
 * Spark: the driver owns the retries.
 */
final class BarrierStage {
    private BarrierStage() {}

    /** What a rank does; ships with the stage. */
    interface Body<T, R> extends Serializable {
        List<R> run(BarrierTaskContext task, Iterator<T> feed) throws Exception;
    }

    /**
     * The stage as a dataset of what the bodies return, in rank order; nothing runs yet.
     *
     * @param cores that each task asks for; those of other stages stay as they are. In local mode {@code spark.task.cpus} must
     *     say the same, since Spark has no such profiles there
     */
    static <T, R> JavaRDD<R> of(JavaRDD<T> feed, int cores, Body<T, R> body, Class<R> result) {
        ClassTag<R> tag = ClassTag$.MODULE$.apply(result);
        boolean profiles = cores > 1 && !feed.context().isLocal();
        JavaRDD<T> placed = profiles ? feed.withResources(profile(cores)) : feed;
        return JavaRDD.fromRDD(placed.rdd().barrier().mapPartitions(new Task<>(body), false, tag), tag);
    }

    private static ResourceProfile profile(int cores) {
        return new ResourceProfileBuilder()
                .require(new TaskResourceRequests().cpus(cores))
                .build();
    }

    /**
     * Opens a rank's lanes, joins the ring with the host, the security and the cancellation of the Spark task that this runs in,
     * does the rank's work, and leaves; or tells the driver why it gives up.
     */
    static void inRing(
            BarrierTaskContext task,
            Address driver,
            int ranks,
            long attempt,
            RingSettings settings,
            Supplier<Lanes> cores,
            BiConsumer<RankNode, Lanes> work) {
        SparkEnv env = SparkEnv.get();
        String host = env.blockManager().blockManagerId().host();
        int rank = task.partitionId();
        try (Lanes lanes = open(
                        cores,
                        cause -> RankNode.decline(
                                driver,
                                rank,
                                ranks,
                                attempt,
                                cause,
                                env.conf(),
                                env.securityManager(),
                                host,
                                settings));
                RankNode node = RankNode.join(
                        driver,
                        rank,
                        ranks,
                        attempt,
                        Fingerprint.of(lanes),
                        env.conf(),
                        env.securityManager(),
                        host,
                        settings,
                        task::isInterrupted)) {
            try {
                work.accept(node, lanes);
                node.leave();
            } catch (RuntimeException e) {
                node.giveUp(e, !(e instanceof DataException));
                throw e;
            } catch (Error e) { // memory, class path: the next attempt would meet the same
                node.giveUp(e, false);
                throw e;
            }
        }
    }

    /** Numerics that this machine does not have fail here: another attempt would meet the same. */
    private static Lanes open(Supplier<Lanes> cores, Consumer<Throwable> decline) {
        try {
            return cores.get();
        } catch (RuntimeException | Error e) {
            decline.accept(e);
            throw e;
        }
    }

    private static final class Task<T, R>
            extends AbstractFunction1<scala.collection.Iterator<T>, scala.collection.Iterator<R>>
            implements Serializable {
        private static final long serialVersionUID = 1L;

        private final Body<T, R> body;

        Task(Body<T, R> body) {
            this.body = body;
        }

        @Override
        public scala.collection.Iterator<R> apply(scala.collection.Iterator<T> feed) {
            try {
                List<R> result = body.run(
                        BarrierTaskContext.get(),
                        JavaConverters.asJavaIteratorConverter(feed).asJava());
                return JavaConverters.asScalaIteratorConverter(result.iterator())
                        .asScala();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("A rank failed: " + e.getMessage(), e);
            }
        }
    }
}
