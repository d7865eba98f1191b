package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import scala.collection.immutable.Map$;
import siglip.job.comparison.ArmResult;
import siglip.job.comparison.Comparison;
import siglip.job.comparison.ComparisonResult;
import siglip.job.comparison.FaultyComparison;
import siglip.job.comparison.RunListener;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.DataException;
import siglip.job.data.prepare.SyntheticPairs;
import siglip.job.evaluation.Evaluation;
import siglip.job.ring.Connections;
import siglip.job.towers.ModelFiles;
import siglip.job.towers.SavedModel;
import siglip.job.training.Recovery;
import siglip.job.training.SlotsException;
import siglip.job.training.StepRecord;
import siglip.job.training.TrainingException;

/**
 * What can break in the middle of a comparison does, on executors that are Java machines of their own; afterwards the models are those
 * of a run that nothing disturbed, bit for bit.
 */
@Timeout(180)
class FaultsIT {
    private static final int RANKS = 2;
    private static final int STEPS = 12;
    private static final long STRUCK = 4;

    @TempDir
    private static java.nio.file.Path folder;

    private static SparkSession spark;
    private static Run undisturbed;
    private static Leftovers before;

    /** What a run leaves. */
    private record Run(ComparisonResult result, Heard heard, List<SavedModel> models) {}

    @BeforeAll
    static void runUndisturbed() throws IOException {
        SparkHome.create();
        Settings settings = settings("undisturbed");
        SparkConf conf = Sessions.configure(
                new SparkConf().setMaster("local-cluster[2,1,1024]").set("spark.executor.memory", "600m"),
                "faults",
                settings.run());
        spark = SparkSession.builder().config(conf).getOrCreate();
        SyntheticPairs.write(spark, new SyntheticPairs.Spec(480, 24, 20, 4, 4, 3, 2), data());
        Heard heard = new Heard(record -> {});
        undisturbed = run(settings, heard, Comparison.run(spark, settings, "", heard));
        assertThat(undisturbed.result.incidents()).isEmpty();
        awaitSilence();
        before = Leftovers.now();
    }

    @AfterAll
    static void stop() {
        Map<Integer, ProcessHandle> left = ExecutorProcesses.running();
        try {
            if (spark != null) {
                spark.stop();
            }
        } finally {
            left.values().forEach(ProcessHandle::destroyForcibly);
        }
    }

    @AfterEach
    void nothingIsLeftBehindInTheDriver() throws IOException {
        awaitSilence();
        Leftovers after = Leftovers.now();
        assertThat(after.ringThreads()).isEmpty();
        assertThat(after.ports()).isEqualTo(before.ports());
    }

    @Test
    void anExecutorThatIsKilledCostsTheStepInProgress() throws IOException {
        int victim = executors().keySet().iterator().next();
        Run run = disturbed("killed", () -> ExecutorProcesses.kill(executors().get(victim)));

        assertMended(run, "executor %d on ".formatted(victim), "is lost: Command exited with code 137");
        assertThat(executors()).doesNotContainKey(victim).hasSize(RANKS);
    }

    @Test
    void aTaskThatThrowsCostsTheStepInProgress() throws IOException {
        Run run = disturbed("throws", 1, () -> {
            throw new IllegalStateException("a broken disk");
        });

        assertMended(run, "Rank 1 failed: ", "a broken disk", "; executor ");
    }

    @Test
    void anExecutorThatFreezesIsReplaced() throws IOException {
        int victim = executors().keySet().iterator().next();
        Run run = disturbed(
                "frozen",
                () -> ExecutorProcesses.freeze(executors().get(victim)),
                "ring.heartbeat=500 ms",
                "ring.silence=5 s");

        assertMended(run, "no heartbeat for 5 s", "executor %d on ".formatted(victim), "is replaced");
    }

    @Test
    void aConnectionThatIsResetCostsTheStepInProgressAndNoExecutor() throws IOException {
        Map<Integer, ProcessHandle> executors = executors();
        Run run = disturbed("reset", 1, () -> Connections.reset(1, 0));

        assertMended(run, "The connection to rank ", " closed", "is still there");
        assertThat(executors()).isEqualTo(executors);
    }

    @Test
    void anErrorThatNoOtherAttemptCanMendEndsTheRunAtOnce() {
        Heard heard = new Heard(record -> {});
        assertThatThrownBy(() -> FaultyComparison.run(spark, settings("hopeless"), heard, 1, STRUCK, () -> {
                    throw new DataException("Cannot read a pair: the file is not what it was");
                }))
                .isInstanceOf(TrainingException.class)
                .hasMessageStartingWith("Cannot go on: attempt 1 ended at step 4: Rank 1 failed: ")
                .hasMessageContaining("the file is not what it was");
        assertThat(heard.incidents).isEmpty();
        assertThat(heard.steps).hasSize(2 * (int) STRUCK);
    }

    @Test
    void withFewerSlotsThanRanksTheRunWaitsUntilTheyAreBack() throws IOException {
        ExecutorService later = Executors.newSingleThreadExecutor();
        try {
            Run run = disturbed("waits", () -> {
                loseAnExecutorForGood();
                later.execute(() -> {
                    pause(2000);
                    allow(RANKS);
                });
            });
            assertMended(run, "is lost");
        } finally {
            allow(RANKS);
            later.shutdownNow();
        }
    }

    @Test
    void withFewerSlotsThanRanksForTooLongTheRunGivesUpAndSaysWhatItWaitedFor() {
        try {
            assertThatThrownBy(() -> disturbed("gives-up", FaultsIT::loseAnExecutorForGood, "ring.slots-timeout=2 s"))
                    .isInstanceOf(SlotsException.class)
                    .hasMessageContaining("Gave up after 2 s (ring.slots-timeout)")
                    .hasMessageContaining("2 tasks of 1 cores have to start together, and the cluster has room for 1")
                    .satisfies(e -> assertThat(ExitCode.of(e)).isEqualTo(ExitCode.CLUSTER));
        } finally {
            allow(RANKS);
        }
    }

    private static void loseAnExecutorForGood() {
        allow(RANKS - 1);
        ExecutorProcesses.kill(executors().values().iterator().next());
    }

    /** Lets the master keep so many executors running. */
    private static void allow(int executors) {
        spark.sparkContext().requestTotalExecutors(executors, 0, Map$.MODULE$.empty());
    }

    /** Waits until all executors run. */
    private static Map<Integer, ProcessHandle> executors() {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
        while (spark.sparkContext().getExecutorIds().size() < RANKS) {
            assertThat(System.nanoTime()).as("executors start").isLessThan(deadline);
            pause(100);
        }
        Map<Integer, ProcessHandle> running = ExecutorProcesses.running();
        running.keySet().removeIf(id -> !spark.sparkContext().getExecutorIds().contains(Integer.toString(id)));
        return running;
    }

    /** The network's threads end a few seconds after their sockets. */
    private static void awaitSilence() throws IOException {
        long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
        while (!Leftovers.now().ringThreads().isEmpty() && System.nanoTime() < deadline) {
            pause(100);
        }
    }

    private static void pause(long millis) {
        try {
            Thread.sleep(millis);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** A run in whose middle the driver does something to its executors. */
    private static Run disturbed(String name, Runnable fault, String... more) throws IOException {
        executors();
        Settings settings = settings(name, more);
        Heard heard = new Heard(record -> {
            if (record.step() == STRUCK && record.arm().equals("siglip")) {
                fault.run();
            }
        });
        return run(settings, heard, Comparison.run(spark, settings, "", heard));
    }

    /** A run in whose middle something happens to a rank. */
    private static Run disturbed(String name, int rank, FaultyComparison.Fault fault) throws IOException {
        executors();
        Settings settings = settings(name);
        Heard heard = new Heard(record -> {});
        return run(settings, heard, FaultyComparison.run(spark, settings, heard, rank, STRUCK, fault));
    }

    private static Run run(Settings settings, Heard heard, ComparisonResult result) throws IOException {
        List<SavedModel> models = new ArrayList<>();
        for (ArmResult arm : result.arms()) {
            String path = settings.run().folder() + "/models/" + arm.arm().name();
            models.add(ModelFiles.read(new Path(path), new Configuration()));
        }
        return new Run(result, heard, models);
    }

    private static void assertMended(Run run, String... incident) {
        assertThat(run.result.incidents()).hasSize(2);
        assertThat(run.result.incidents().get(0))
                .startsWith("attempt 1 ended at step ")
                .contains(incident);
        assertThat(run.result.incidents().get(1)).startsWith("attempt 2 went on with step ");
        assertThat(run.heard.incidents).isEqualTo(run.result.incidents());
        Recovery recovery = run.heard.recoveries.get(0);
        System.out.println(run.result.incidents()); // the figures of the documents
        assertThat(recovery.seconds()).isPositive();

        for (int arm = 0; arm < 2; arm++) {
            ArmResult mended = run.result.arms().get(arm);
            ArmResult expected = undisturbed.result.arms().get(arm);
            assertThat(mended.steps()).extracting(StepRecord::step).containsExactlyElementsOf(steps());
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
            assertThat(trained.logScale()).isEqualTo(right.logScale());
            assertThat(trained.bias()).isEqualTo(right.bias());
        }
        assertThat(run.heard.steps).as("told of each step of each arm once").hasSize(2 * STEPS);
    }

    private static List<Long> steps() {
        return java.util.stream.LongStream.range(0, STEPS).boxed().toList();
    }

    private static String data() {
        return folder.resolve("pairs").toString();
    }

    private static Settings settings(String name, String... more) {
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
                "training.steps=" + STEPS,
                "training.warmup-steps=2",
                "evaluation.every-steps=8",
                "evaluation.nearest-neighbour=false",
                "towers.width=16",
                "towers.image.hidden=[24]",
                "towers.text.hidden=[20]"));
        assignments.addAll(List.of(more));
        return SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()))
                .settings();
    }

    /** Writes down what a run tells, and does something at each step. */
    private static final class Heard implements RunListener {
        private final Consumer<StepRecord> atStep;
        private final List<StepRecord> steps = new ArrayList<>();
        private final List<String> incidents = new ArrayList<>();
        private final List<Recovery> recoveries = new ArrayList<>();

        Heard(Consumer<StepRecord> atStep) {
            this.atStep = atStep;
        }

        @Override
        public void phase(String text) {}

        @Override
        public void step(StepRecord step) {
            steps.add(step);
            atStep.accept(step);
        }

        @Override
        public void evaluation(Evaluation evaluation) {}

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
