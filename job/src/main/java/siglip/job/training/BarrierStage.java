package siglip.job.training;

import java.io.Serializable;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.BarrierTaskContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaFutureAction;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.rdd.RDD;
import scala.collection.JavaConverters;
import scala.reflect.ClassTag;
import scala.reflect.ClassTag$;
import scala.runtime.AbstractFunction1;
import siglip.job.config.RingSettings;
import siglip.job.ring.Address;
import siglip.job.ring.RankNode;

/**
 * Runs one body a rank in a barrier result stage, which starts all of them together or none, and is never retried by
 * Spark: the driver owns the retries.
 */
final class BarrierStage {
    private BarrierStage() {}

    /** What a rank does; ships with the stage. */
    interface Body<T> extends Serializable {
        List<String> run(BarrierTaskContext task, Iterator<T> feed) throws Exception;
    }

    /** Submits the stage and returns at once. The future's list holds what the bodies returned, in rank order. */
    static <T> JavaFutureAction<List<String>> submit(JavaRDD<T> feed, Body<T> body) {
        ClassTag<String> tag = ClassTag$.MODULE$.apply(String.class);
        RDD<String> stage = feed.rdd().barrier().mapPartitions(new Task<>(body), false, tag);
        return JavaRDD.fromRDD(stage, tag).collectAsync();
    }

    /** Joins the ring with the host, the security and the cancellation of the Spark task that this runs in. */
    static RankNode join(
            BarrierTaskContext task, Address driver, int ranks, long attempt, String numerics, RingSettings settings) {
        SparkEnv env = SparkEnv.get();
        return RankNode.join(
                driver,
                task.partitionId(),
                ranks,
                attempt,
                numerics,
                env.conf(),
                env.securityManager(),
                env.blockManager().blockManagerId().host(),
                settings,
                task::isInterrupted);
    }

    private static final class Task<T>
            extends AbstractFunction1<scala.collection.Iterator<T>, scala.collection.Iterator<String>>
            implements Serializable {
        private static final long serialVersionUID = 1L;

        private final Body<T> body;

        Task(Body<T> body) {
            this.body = body;
        }

        @Override
        public scala.collection.Iterator<String> apply(scala.collection.Iterator<T> feed) {
            try {
                List<String> result = body.run(
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
