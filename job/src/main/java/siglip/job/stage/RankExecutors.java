package siglip.job.stage;

import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.StageInfo;
import scala.collection.JavaConverters;

/** Which executor each rank of an attempt runs on, and which executors Spark has lost since, as Spark tells it. */
public final class RankExecutors extends SparkListener implements AutoCloseable {
    private final JavaSparkContext spark;
    private final String group;
    private final Map<Integer, Executor> byRank = new HashMap<>();
    private final Map<String, String> lost = new HashMap<>();
    private final CompletableFuture<Void> submitted = new CompletableFuture<>();
    private final CompletableFuture<Void> begun = new CompletableFuture<>();
    private int stage = -1;

    /** An executor, by its number in Spark, and its machine. */
    record Executor(String id, String host) {
        @Override
        public String toString() {
            return "executor %s on %s".formatted(id, host);
        }
    }

    private RankExecutors(JavaSparkContext spark, String group) {
        this.spark = spark;
        this.group = group;
    }

    /** Watches the job of a group, whose last stage is that of the ranks, until it is closed. */
    static RankExecutors watch(JavaSparkContext spark, String group) {
        RankExecutors executors = new RankExecutors(spark, group);
        spark.sc().addSparkListener(executors);
        return executors;
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
    public synchronized void onStageSubmitted(SparkListenerStageSubmitted now) {
        if (now.stageInfo().stageId() == stage) {
            submitted.complete(null);
        }
    }

    @Override
    public synchronized void onTaskStart(SparkListenerTaskStart start) {
        if (start.stageId() == stage) {
            begun.complete(null);
            byRank.put(
                    start.taskInfo().index(),
                    new Executor(start.taskInfo().executorId(), start.taskInfo().host()));
        }
    }

    @Override
    public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
        lost.put(removed.executorId(), removed.reason());
        notifyAll();
    }

    /** Done once no other stage goes before that of the ranks. */
    CompletableFuture<Void> submitted() {
        return submitted;
    }

    /** Done once the first rank's task has started. */
    CompletableFuture<Void> begun() {
        return begun;
    }

    /** Where a rank runs; empty if its task has not started. */
    synchronized Optional<Executor> of(int rank) {
        return Optional.ofNullable(byRank.get(rank));
    }

    /** Why Spark has lost an executor, waiting for the news for a while; empty if it has not. */
    synchronized Optional<String> loss(Executor of, Duration most) throws InterruptedException {
        long deadline = System.nanoTime() + most.toNanos();
        while (!lost.containsKey(of.id)) {
            long left = (deadline - System.nanoTime()) / 1_000_000;
            if (left <= 0) {
                return Optional.empty();
            }
            wait(left);
        }
        return Optional.of(lost.get(of.id));
    }

    /**
     * Has the cluster manager end an executor and start another one: it would hold its slots until Spark notices by itself
     * ({@code spark.network.timeout}). Its copies of broadcasts are forgotten at once, since a standalone worker kills a process that
     * does not react only after 10 s, and until then others would wait for it.
     *
     * @return whether the cluster manager takes such orders; Spark's local mode does not
     */
    boolean replace(Executor of) {
        boolean taken = spark.sc().killAndReplaceExecutor(of.id);
        if (taken) {
            SparkEnv.get().blockManager().master().removeExecutorAsync(of.id);
        }
        return taken;
    }

    @Override
    public void close() {
        spark.sc().removeSparkListener(this);
    }
}
