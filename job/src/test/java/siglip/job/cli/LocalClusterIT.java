package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.batches.Batch;
import siglip.job.batches.BatchSource;
import siglip.job.batches.RankBatches;
import siglip.job.comparison.ArmResult;
import siglip.job.comparison.Comparison;
import siglip.job.comparison.ComparisonResult;
import siglip.job.comparison.RunListener;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.data.PairData;
import siglip.job.features.PairShape;
import siglip.job.model.ModelFiles;
import siglip.job.model.SavedModel;
import siglip.job.towers.Parameters;

/** A whole comparison with ranks in Java machines of their own gives the bits of one in a single machine. */
@Timeout(180)
class LocalClusterIT {
    private static final String CLUSTER = "local-cluster[2,2,1024]";
    private static final int RANKS = 2;
    private static final int CORES = 2; // asked for by the training stage alone
    private static final int BATCH = 33;
    private static final int STEPS = 6;

    @TempDir
    private static java.nio.file.Path folder;

    @BeforeAll
    static void createSparkHome() throws IOException {
        SparkHome.create();
    }

    /** A rank's part of a global batch, and where it was read. */
    private record Slice(String executor, List<Long> ids) implements Serializable {}

    /** The ids of each global batch, and the executors that read them. */
    private record Read(List<List<Long>> batches, Set<String> executors) {}

    /** What a run on one master leaves. */
    private record Run(Read read, ComparisonResult result, List<SavedModel> models) {}

    @Test
    void ranksInOtherJavaMachinesReadTheSameBatchesAndTrainTheSameModels() throws IOException {
        List<List<Long>> alone;
        try (SparkSession spark = session("local[2]", settings("alone", 1))) {
            alone = read(spark, settings("alone", 1)).batches;
        }
        Run local = run("local[4]");
        Run cluster = run(CLUSTER);

        assertThat(local.read.executors).containsExactly("driver");
        assertThat(cluster.read.executors).doesNotContain("driver");
        assertThat(alone).hasSize(STEPS).allSatisfy(ids -> assertThat(ids).hasSize(BATCH));
        assertThat(local.read.batches).isEqualTo(alone);
        assertThat(cluster.read.batches).isEqualTo(alone);

        assertThat(cluster.result.numerics()).isEqualTo(local.result.numerics());
        assertThat(cluster.result.numerics().get("elementwise"))
                .as("the executors have the vector module")
                .startsWith("vector");
        assertThat(cluster.result.incidents()).isEmpty();
        assertThat(cluster.result.arms()).hasSize(2);
        for (int arm = 0; arm < 2; arm++) {
            ArmResult there = cluster.result.arms().get(arm);
            ArmResult here = local.result.arms().get(arm);
            assertThat(there.steps()).hasSize(STEPS);
            assertThat(curve(there)).isEqualTo(curve(here));
            assertThat(there.evaluations()).isNotEmpty().isEqualTo(here.evaluations());
            Parameters trained = cluster.models.get(arm).parameters();
            Parameters expected = local.models.get(arm).parameters();
            assertThat(trained.dense().toArray()).isEqualTo(expected.dense().toArray());
            assertThat(trained.table().toArray()).isEqualTo(expected.table().toArray());
            assertThat(cluster.models.get(arm).scalars())
                    .isEqualTo(local.models.get(arm).scalars());
        }
    }

    private static Settings settings(String name, int ranks) {
        List<String> assignments = new ArrayList<>(SmallEmoji.SETTINGS);
        assignments.addAll(List.of(
                "run.name=" + name,
                "run.out=" + folder.resolve("runs"),
                "run.ranks=" + ranks,
                "run.cores-per-rank=" + CORES,
                "data.path=../data/emoji/pairs.parquet",
                "training.batch-size=" + BATCH,
                "training.steps=" + STEPS));
        return SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()))
                .settings();
    }

    private static SparkSession session(String master, Settings settings) {
        SparkConf conf = Sessions.configure(
                new SparkConf().setMaster(master), settings.run().name(), settings.run());
        return SparkSession.builder().config(conf).getOrCreate();
    }

    private static Run run(String master) throws IOException {
        Settings settings = settings(master.replaceAll("\\W+", "-"), RANKS);
        try (SparkSession spark = session(master, settings)) {
            Read read = read(spark, settings);
            ComparisonResult result = Comparison.run(spark, settings, "", new RunListener() {});
            List<SavedModel> models = new ArrayList<>();
            for (ArmResult arm : result.arms()) {
                String path = settings.run().folder() + "/models/" + arm.arm().name();
                models.add(ModelFiles.read(new Path(path), new Configuration()));
            }
            return new Run(read, result, models);
        }
    }

    /** The ids of each global batch, read where the ranks are. */
    private static Read read(SparkSession spark, Settings settings) {
        try (PairData data = PairData.open(
                        spark, settings.data(), settings.towers().table().buckets());
                BatchSource source = data.source(BATCH, 1, settings.run().seed())) {
            JavaSparkContext context = JavaSparkContext.fromSparkContext(spark.sparkContext());
            BatchSource.Opener opener = source.opener();
            PairShape shape = source.shape();
            List<Slice> slices = source.feed(context, RANKS, 0, STEPS)
                    .mapPartitionsWithIndex((rank, feed) -> slices(opener, shape, rank, feed), true)
                    .collect();
            List<List<Long>> batches = new ArrayList<>();
            Set<String> executors = new HashSet<>();
            for (int step = 0; step < STEPS; step++) {
                List<Long> ids = new ArrayList<>();
                for (int rank = 0; rank < RANKS; rank++) {
                    Slice slice = slices.get(rank * STEPS + step);
                    ids.addAll(slice.ids);
                    executors.add(slice.executor);
                }
                batches.add(ids);
            }
            return new Read(batches, executors);
        }
    }

    private static Iterator<Slice> slices(BatchSource.Opener opener, PairShape shape, int rank, Iterator<byte[]> feed) {
        RankBatches batches = opener.open(rank, RANKS, feed);
        Batch batch = new Batch(shape, BATCH);
        List<Slice> slices = new ArrayList<>();
        for (int step = 0; step < STEPS; step++) {
            batches.read(step, batch);
            List<Long> ids = new ArrayList<>();
            for (int row = 0; row < batch.rows(); row++) {
                ids.add(batch.ids()[row]);
            }
            slices.add(new Slice(SparkEnv.get().executorId(), ids));
        }
        return slices.iterator();
    }

    /** What a step was, without its times. */
    private static List<List<Object>> curve(ArmResult arm) {
        return arm.steps().stream()
                .map(step -> List.<Object>of(
                        step.loss(),
                        step.gradientNorm(),
                        step.scalars(),
                        step.scalarGradients(),
                        step.positiveLogit(),
                        step.negativeLogit()))
                .toList();
    }
}
