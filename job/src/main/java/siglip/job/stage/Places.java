package siglip.job.stage;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import scala.collection.JavaConverters;

/** Which executor each rank of an attempt runs on, and which executors Spark has lost since, as Spark tells it. */
public final class Places extends SparkListener implements AutoCloseable {
    private final JavaSparkContext spark;
    private final String group;
    private final Map<Integer, Place> places = new HashMap<>();
    private final Map<String, String> lost = new HashMap<>();
    private int stage = -1;

    /** An executor, by its number in Spark, and its machine. */
    record Place(String executor, String host) {
        @Override
        public String toString() {
            return "executor %s on %s".formatted(executor, host);
        }
    }

    private Places(JavaSparkContext spark, String group) {
        this.spark = spark;
        this.group = group;
    }

    /** Watches the job of a group, whose last stage is that of the ranks, until it is closed. */
    static Places watch(JavaSparkContext spark, String group) {
        Places places = new Places(spark, group);
        spark.sc().addSparkListener(places);
        return places;
    }

    @Override
    public synchronized void onJobStart(SparkListenerJobStart start) {
        if (start.properties() != null && group.equals(start.properties().getProperty("spark.jobGroup.id"))) {
            for (StageInfo info :
                    JavaConverters.seqAsJavaListConverter(start.stageInfos()).asJava()) {
                stage = Math.max(stage, info.stageId());
            }
        }
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart start) {
        if (start.stageId() == stage) {
            places.put(
                    start.taskInfo().index(),
                    new Place(start.taskInfo().executorId(), start.taskInfo().host()));
        }
    }

    @Override
    public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
        lost.put(removed.executorId(), removed.reason());
        notifyAll();
    }

    /** Where a rank runs; empty if its task has not started. */
    synchronized Optional<Place> of(int rank) {
        return Optional.ofNullable(places.get(rank));
    }

    /** Why Spark has lost an executor, waiting for the news for a while; empty if it has not. */
    synchronized Optional<String> loss(Place place, Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        while (!lost.containsKey(place.executor)) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return Optional.empty();
            }
            wait(left);
        }
        return Optional.of(lost.get(place.executor));
    }

    /**
     * Has the cluster manager end an executor and start another one: it would hold its slots until Spark notices by itself
     * ({@code spark.network.timeout}). Its copies of broadcasts are forgotten at once, since a standalone worker kills a process that
     * does not react only after 10 s, and until then others would wait for it.
     *
     * @return whether the cluster manager takes such orders; Spark's local mode does not
     */
    boolean replace(Place place) {
        boolean taken = spark.sc().killAndReplaceExecutor(place.executor);
        if (taken) {
            SparkEnv.get().blockManager().master().removeExecutorAsync(place.executor);
        }
        return taken;
    }

    @Override
    public void close() {
        spark.sc().removeSparkListener(this);
    }
}
