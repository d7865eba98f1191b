package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.LongStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import scala.collection.JavaConverters;
import scala.collection.immutable.Map$;
import siglip.job.comparison.ArmResult;
import siglip.job.comparison.Comparison;
import siglip.job.comparison.ComparisonResult;
import siglip.job.comparison.FaultyComparison;
import siglip.job.comparison.RunListener;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.prepare.SyntheticPairs;
import siglip.job.files.OwnFolder;
import siglip.job.model.ModelFiles;
import siglip.job.model.SavedModel;
import siglip.job.stage.Recovery;
import siglip.job.training.FailingSource;
import siglip.job.training.StepRecord;

/** A cluster of two executors in Java machines of their own, and one comparison: first undisturbed, then as often as wanted with faults. */
final class FaultyRuns implements AutoCloseable {
    static final int RANKS = 2;

    private final java.nio.file.Path folder;
    private final int steps;
    private final SparkSession spark;
    private final Run undisturbed;
    private final Leftovers before;

    /** What a run leaves. */
    record Run(ComparisonResult result, Heard heard, List<SavedModel> models) {}

    FaultyRuns(java.nio.file.Path folder, int steps) throws IOException {
        this.folder = folder;
        this.steps = steps;
        SparkHome.create();
        SparkConf conf = Sessions.configure(
                new SparkConf().setMaster("local-cluster[2,1,1024]").set("spark.executor.memory", "600m"),
                "faults",
                settings("undisturbed").run());
        spark = SparkSession.builder().config(conf).getOrCreate();
        SyntheticPairs.write(
                spark,
                new SyntheticPairs.Spec(480, 24, 20, 4, 4, 3, 2),
                OwnFolder.at(new Path(data()), spark.sparkContext().hadoopConfiguration()));
        undisturbed = run("undisturbed", new Heard(record -> {}));
        assertThat(undisturbed.result.incidents()).isEmpty();
        awaitSilence();
        before = Leftovers.now();
    }

    /** A run whose listener may do harm. */
    Run run(String name, Heard heard, String... more) throws IOException {
        executors();
        Settings settings = settings(name, more);
        return run(settings, heard, Comparison.run(spark, settings, "", heard));
    }

    /** A run in whose middle something happens to a rank. */
    Run run(String name, Heard heard, int rank, long step, FailingSource.Fault fault) throws IOException {
        executors();
        Settings settings = settings(name);
        return run(settings, heard, FaultyComparison.run(spark, settings, heard, rank, step, fault));
    }

    private static Run run(Settings settings, Heard heard, ComparisonResult result) throws IOException {
        List<SavedModel> models = new ArrayList<>();
        for (ArmResult arm : result.arms()) {
            String path = settings.run().folder() + "/models/" + arm.arm().name();
            models.add(ModelFiles.read(new Path(path), new Configuration()));
        }
        return new Run(result, heard, models);
    }

    /** Steps, losses, evaluations and models are those of the run that nothing disturbed. */
    void assertAsUndisturbed(Run run) {
        assertThat(run.heard.incidents).isEqualTo(run.result.incidents());
        assertThat(run.heard.steps).as("told of each step of each arm once").hasSize(2 * steps);
        for (int arm = 0; arm < 2; arm++) {
            ArmResult mended = run.result.arms().get(arm);
            ArmResult expected = undisturbed.result.arms().get(arm);
            assertThat(mended.steps())
                    .extracting(StepRecord::step)
                    .containsExactlyElementsOf(
                            LongStream.range(0, steps).boxed().toList());
            assertThat(mended.steps())
                    .extracting(StepRecord::loss)
                    .isEqualTo(expected.steps().stream().map(StepRecord::loss).toList());
            assertThat(mended.evaluations()).isEqualTo(expected.evaluations());
            SavedModel trained = run.models.get(arm);
            SavedModel right = undisturbed.models.get(arm);
            assertThat(trained.parameters().dense().toArray())
                    .isEqualTo(right.parameters().dense().toArray());
            assertThat(trained.parameters().table().toArray())
                    .isEqualTo(right.parameters().table().toArray());
            assertThat(trained.scalars()).isEqualTo(right.scalars());
        }
    }

    /** The driver holds no thread and no port of the ring, and no more files than before. */
    void assertNothingIsLeftBehind() throws IOException {
        awaitSilence();
        Leftovers after = Leftovers.now();
        System.out.printf("open files: %d, after the undisturbed run %d%n", after.files(), before.files());
        assertThat(after.ringThreads()).isEmpty();
        assertThat(after.ports()).isEqualTo(before.ports());
    }

    /** Lets the master keep so many executors running. */
    void allow(int executors) {
        spark.sparkContext().requestTotalExecutors(executors, 0, Map$.MODULE$.empty());
    }

    /** Waits until as many executors run as there are ranks, and none that Spark has given up is still among them. */
    Map<Integer, ProcessHandle> executors() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (true) {
            Set<String> known =
                    Set.copyOf(JavaConverters.seqAsJavaList(spark.sparkContext().getExecutorIds()));
            Map<Integer, ProcessHandle> running = ExecutorProcesses.running();
            running.keySet().removeIf(id -> !known.contains(Integer.toString(id)));
            if (known.size() == RANKS && running.size() == RANKS) {
                return running;
            }
            assertThat(System.nanoTime()).as("executors start").isLessThan(deadline);
            pause(100);
        }
    }

    /** The network's threads end a few seconds after their sockets. */
    private static void awaitSilence() throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Leftovers.now().ringThreads().isEmpty() && System.nanoTime() < deadline) {
            pause(100);
        }
    }

    static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    private String data() {
        return folder.resolve("pairs").toString();
    }

    private Settings settings(String name, String... more) {
        List<String> assignments = new ArrayList<>(List.of(
                "run.name=" + name,
                "run.out=" + folder.resolve("runs"),
                "run.ranks=" + RANKS,
                "data.path=" + data(),
                "data.columns.text=text",
                "data.columns.keywords=null",
                "data.columns.concept=null",
                "data.columns.classes=[]",
                "data.columns.key=id",
                "data.train=\"id % 8 <> 0\"",
                "data.test=\"id % 8 = 0\"",
                "data.left-out-every=0",
                "training.batch-size=33",
                "training.steps=" + steps,
                "training.warmup-steps=2",
                "evaluation.every-steps=" + Math.max(8, steps / 4),
                "evaluation.nearest-neighbour=false",
                "towers.width=16",
                "towers.image.hidden=[24]",
                "towers.text.hidden=[20]"));
        assignments.addAll(List.of(more));
        return SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()))
                .settings();
    }

    @Override
    public void close() {
        Map<Integer, ProcessHandle> left = ExecutorProcesses.running();
        try {
            spark.stop();
        } finally {
            left.values().forEach(ProcessHandle::destroyForcibly);
        }
    }

    /** Writes down what a run tells, and does something at each step. */
    static class Heard implements RunListener {
        private final Consumer<StepRecord> atStep;
        final List<StepRecord> steps = new ArrayList<>();
        final List<String> incidents = new ArrayList<>();
        final List<Recovery> recoveries = new ArrayList<>();

        Heard(Consumer<StepRecord> atStep) {
            this.atStep = atStep;
        }

        @Override
        public void step(StepRecord step) {
            steps.add(step);
            atStep.accept(step);
        }

        @Override
        public void incident(String text) {
            incidents.add(text);
        }

        @Override
        public void recovered(Recovery recovery) {
            incidents.add(recovery.toString());
            recoveries.add(recovery);
        }
    }
}
