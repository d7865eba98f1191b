package siglip.job.stage;

import java.time.Duration;
import java.util.List;
import org.apache.spark.SparkContext;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.resource.ResourceProfile;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.collection.JavaConverters;

/** Room in the cluster for tasks that must run at the same time. */
final class Slots {
    private static final Logger LOG = LoggerFactory.getLogger(Slots.class);
    private static final long POLL_MILLIS = 100;
    private static final Duration REMINDER = Duration.ofSeconds(10);
    private static final Duration EVERY = Duration.ofSeconds(1);

    private Slots() {}

    /**
     * Waits until {@code ranks} tasks of {@code cores} cores each have room. Spark would refuse their stage until then, and say less.
     *
     * @param most how long
     * @throws SlotsException if there is no room by then
     */
    static void await(JavaSparkContext spark, int ranks, int cores, Duration most) {
        long start = System.nanoTime();
        long told = 0;
        for (int room = room(spark, cores); room < ranks; room = room(spark, cores)) {
            Duration waited = Duration.ofNanos(System.nanoTime() - start);
            String found = "%d tasks of %d cores have to start together, and the cluster has room for %d: %s"
                    .formatted(ranks, cores, room, executors(spark));
            if (waited.compareTo(most) >= 0) {
                throw new SlotsException(
                        "Gave up after %d s (ring.slots-timeout) of waiting for executors: %s. Give the job more executors or cores, or set fewer run.ranks"
                                .formatted(waited.toSeconds(), found));
            }
            if (waited.compareTo(REMINDER.multipliedBy(told)) >= 0) {
                told++;
                LOG.info(new LogEvent("waiting-for-slots")
                        .with("needed", ranks)
                        .with("cores", cores)
                        .with("room", room)
                        .with("waited_seconds", waited.toSeconds())
                        .with("limit_seconds", most.toSeconds())
                        .with("found", found)
                        .toString());
            }
            pause();
        }
    }

    /** Looks now and then whether there is room for a task at all, where one is under way that must not wait in vain. */
    static final class Watch {
        private final JavaSparkContext spark;
        private final int cores;
        private final Duration most;
        private long looked = System.nanoTime();
        private long room = looked; // when there was some

        Watch(JavaSparkContext spark, int cores, Duration most) {
            this.spark = spark;
            this.cores = cores;
            this.most = most;
        }

        /** @throws SlotsException if there has been none for too long */
        void look() {
            long now = System.nanoTime();
            if (now - looked < EVERY.toNanos()) {
                return;
            }
            looked = now;
            if (room(spark, cores) > 0) {
                room = now;
            } else if (now - room > most.toNanos()) {
                throw new SlotsException(
                        "Gave up after %d s (ring.slots-timeout) without room for any task: %s. Give the job executors"
                                .formatted(most.toSeconds(), executors(spark)));
            }
        }
    }

    private static int room(JavaSparkContext spark, int cores) {
        SparkContext context = spark.sc();
        ResourceProfile profile = BarrierStage.profile(spark, cores)
                .orElseGet(() -> context.resourceProfileManager().defaultResourceProfile());
        context.resourceProfileManager().addResourceProfile(profile); // no more than once
        return context.maxNumConcurrentTasks(profile);
    }

    private static String executors(JavaSparkContext spark) {
        if (spark.isLocal()) {
            return "it is one process";
        }
        List<String> ids = JavaConverters.seqAsJavaListConverter(spark.sc().getExecutorIds())
                .asJava();
        return ids.isEmpty() ? "there is no executor" : "its executors are " + String.join(", ", ids);
    }

    private static void pause() {
        try {
            Thread.sleep(POLL_MILLIS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new SlotsException("Interrupted while waiting for executors");
        }
    }
}
