package siglip.job.stage;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.BiConsumer;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.rdd.RDD;
import org.apache.spark.resource.ResourceProfile;
import org.apache.spark.resource.ResourceProfileBuilder;
import org.apache.spark.resource.TaskResourceRequests;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;
import siglip.job.formats.DataException;
import siglip.job.ring.NumericsException;
import siglip.job.ring.RankNode;
import siglip.job.ring.Rendezvous;
import siglip.job.ring.RingSecurity;
import siglip.job.ring.Site;
import siglip.kernels.LossKernels;
import siglip.kernels.Numerics;
import siglip.kernels.blas.Precision;

/**
 * Runs one body a rank in a barrier result stage, which starts all of them together or none, and is never retried by
 * Spark: the driver owns the retries.
 */
public final class BarrierStage {
    private static final Map<Integer, ResourceProfile> PROFILES =
            new ConcurrentHashMap<>(); // Spark keeps every one that it has seen

    private BarrierStage() {}

    /** What a rank does; ships with the stage. */
    public interface Body<T, R> extends Serializable {
        List<R> run(BarrierTaskContext task, Iterator<T> feed) throws Exception;
    }

    /**
     * The stage as a dataset of what the bodies return, in rank order; nothing runs yet.
     *
     * @param cores that each task asks for; those of other stages stay as they are. In local mode {@code spark.task.cpus} must
     *     say the same, since Spark has no such profiles there
     */
    public static <T, R> JavaRDD<R> of(JavaRDD<T> feed, int cores, Body<T, R> body, Class<R> result) {
        ClassTag<R> tag = ClassTag$.MODULE$.apply(result);
        JavaRDD<T> placed = profile(JavaSparkContext.fromSparkContext(feed.context()), cores)
                .map(feed::withResources)
                .orElse(feed);
        RDD<T> deferred = new DeferredRdd<>(placed.rdd());
        return JavaRDD.fromRDD(deferred.barrier().mapPartitions(new Task<>(body), false, tag), tag);
    }

    /** What each task asks for, if it is not what tasks of that Spark ask for anyway. */
    static Optional<ResourceProfile> profile(JavaSparkContext spark, int cores) {
        return cores > 1 && !spark.isLocal()
                ? Optional.of(PROFILES.computeIfAbsent(cores, BarrierStage::ask))
                : Optional.empty();
    }

    private static ResourceProfile ask(int cores) {
        return new ResourceProfileBuilder()
                .require(new TaskResourceRequests().cpus(cores))
                .build();
    }

    /**
     * Joins the ring with the host, the security and the cancellation of the Spark task that this runs in, opens a rank's lanes with the
     * numerics that the driver decides on, reads its data, does the rank's work, and leaves; or tells the driver why it gives up.
     *
     * @param read reads the data, or what comes first of them: a shuffle is then fetched and sorted. By then the driver knows that the rank is there
     * @param asked what the settings leave open is offered as this machine would choose it
     * @param also precisions of single arms, in which this machine must be able to compute
     */
    public static void inRing(
            BarrierTaskContext task,
            Rendezvous meeting,
            Numerics asked,
            Set<Precision> also,
            int cores,
            Runnable read,
            BiConsumer<RankNode, Lanes> work) {
        Site site = Site.ofExecutor();
        int rank = task.partitionId();
        Fingerprint offer;
        try { // what this machine may not do or does not have: another attempt would meet the same
            RingSecurity.requireProtected(site, meeting.settings());
            offer = new Fingerprint(resolved(asked), cores);
            for (Precision precision : also) {
                resolved(new Numerics(asked.products(), precision.id(), asked.elementwise(), asked.tile()));
            }
        } catch (RuntimeException | Error e) {
            RankNode.decline(site, meeting, rank, e);
            throw e;
        }
        try (RankNode node = RankNode.join(site, meeting, rank, offer.toString(), task::isInterrupted)) {
            try (Lanes lanes = open(node, cores)) {
                read.run();
                node.ready();
                work.accept(node, lanes);
                node.leave();
            } catch (Exception e) { // also what Spark throws of a fetch that failed, which it does not declare
                node.giveUp(e, !(e instanceof DataException));
                throw e;
            } catch (Error e) { // memory, class path: the next attempt would meet the same
                node.giveUp(e, false);
                throw e;
            }
        }
    }

    private static Numerics resolved(Numerics asked) {
        try (LossKernels kernels = LossKernels.open(asked)) {
            return kernels.numerics();
        }
    }

    private static Lanes open(RankNode node, int cores) {
        try {
            return new Lanes(Fingerprint.parse(node.agreed()).numerics(), cores);
        } catch (IllegalStateException e) {
            throw new NumericsException("Cannot compute as the run began: " + e.getMessage(), e);
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
