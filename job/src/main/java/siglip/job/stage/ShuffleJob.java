package siglip.job.stage;

import java.time.Duration;
import java.util.function.Consumer;
import org.apache.spark.MapOutputStatistics;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.SimpleFutureAction;
import org.apache.spark.SparkJobInfo;
import org.apache.spark.SparkStageInfo;
import org.apache.spark.api.java.JavaPairRDD;
import org.apache.spark.api.java.JavaSparkContext;

/**
 * The writing half of a shuffle as a job of its own, before the stage that reads it: nobody's clock runs meanwhile, and it has a name on Spark's pages. What of it is there
 * already is not done again.
 */
public final class ShuffleJob {
    private static final long POLL_MILLIS = 100;
    private static final Duration WORTH_TELLING = Duration.ofSeconds(5);
    private static final Duration PAUSE = Duration.ofSeconds(30);

    private final JavaSparkContext spark;
    private final String group;
    private final String what;
    private final Slots.Watch room;
    private final Consumer<String> told;
    private final long start = System.nanoTime();
    private Duration next = WORTH_TELLING;

    private ShuffleJob(JavaSparkContext spark, String group, String what, Slots.Watch room, Consumer<String> told) {
        this.spark = spark;
        this.group = group;
        this.room = room;
        this.what = what;
        this.told = told;
    }

    /**
     * @param group of Spark's jobs
     * @param what is shuffled, for people: {@code the pairs of epoch 3}
     * @param slotsTimeout how long there may be no room for any of its tasks
     * @param told how far it is, if it takes longer than a moment
     * @throws ShuffleException if it fails
     * @throws SlotsException if there is no room for too long
     */
    public static void run(
            JavaSparkContext spark,
            JavaPairRDD<?, ?> shuffled,
            String group,
            String what,
            Duration slotsTimeout,
            Consumer<String> told) {
        new ShuffleJob(spark, group, what, new Slots.Watch(spark, 1, slotsTimeout), told).run(shuffled);
    }

    private void run(JavaPairRDD<?, ?> shuffled) {
        ShuffleDependency<?, ?, ?> dependency =
                (ShuffleDependency<?, ?, ?>) shuffled.rdd().dependencies().head();
        spark.setJobGroup(group, "shuffle " + what, true);
        try {
            SimpleFutureAction<MapOutputStatistics> job = spark.sc().submitMapStage(dependency);
            try {
                while (!job.isCompleted()) {
                    tell();
                    room.look();
                    Thread.sleep(POLL_MILLIS);
                }
            } catch (SlotsException e) {
                job.cancel();
                throw e;
            } catch (InterruptedException e) {
                job.cancel();
                Thread.currentThread().interrupt();
                throw new ShuffleException("Interrupted while shuffling " + what, e);
            }
            if (job.value().get().isFailure()) {
                throw new ShuffleException(
                        "Cannot shuffle " + what, job.value().get().failed().get());
            }
        } finally {
            spark.clearJobGroup();
        }
        if (next.compareTo(WORTH_TELLING) > 0) {
            told.accept("shuffled %s in %d s".formatted(what, spent().toSeconds()));
        }
    }

    private Duration spent() {
        return Duration.ofNanos(System.nanoTime() - start);
    }

    private void tell() {
        if (spent().compareTo(next) >= 0) {
            next = spent().plus(PAUSE);
            told.accept("shuffling %s%s".formatted(what, progress()));
        }
    }

    private String progress() {
        int done = 0;
        int all = 0;
        for (int job : spark.statusTracker().getJobIdsForGroup(group)) {
            SparkJobInfo info = spark.statusTracker().getJobInfo(job);
            for (int stage : info == null ? new int[0] : info.stageIds()) {
                SparkStageInfo of = spark.statusTracker().getStageInfo(stage);
                if (of != null) {
                    done += of.numCompletedTasks();
                    all += of.numTasks();
                }
            }
        }
        return all == 0 ? "" : ": %d of %d tasks are done".formatted(done, all);
    }

    /** A shuffle failed. */
    static final class ShuffleException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        private ShuffleException(String message, Throwable cause) {
            super(message, cause);
        }
    }
}
