package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import org.apache.spark.SparkConf;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import siglip.job.config.RunSettings;
import siglip.job.config.SettingsException;

class SessionsTest {
    @Test
    void withoutAMasterThereIsOneSlotForEachCoreOfEachRank() {
        SparkConf conf = configure(new SparkConf(false), 3, 2);

        assertThat(conf.get("spark.master")).isEqualTo("local[6]");
        assertThat(conf.get("spark.task.cpus")).isEqualTo("2");
        assertThat(conf.get("spark.ui.enabled")).isEqualTo("false");
        assertThat(conf.get("spark.driver.host")).isEqualTo("127.0.0.1");
    }

    @Test
    void whatTheUserHasSetIsKept() {
        SparkConf given = new SparkConf(false)
                .set("spark.master", "local[4]")
                .set("spark.app.name", "mine")
                .set("spark.ui.enabled", "true")
                .set("spark.sql.shuffle.partitions", "7")
                .set("spark.executorEnv.OMP_NUM_THREADS", "2");

        SparkConf conf = configure(given.clone(), 2, 1);

        assertThat(given.getAll())
                .allSatisfy(pair -> assertThat(conf.get(pair._1())).isEqualTo(pair._2()));
    }

    @Test
    void theExecutorsGetOurOptionsBesideThoseThatTheyHave() {
        String key = "spark.executor.extraJavaOptions";
        SparkConf none = new SparkConf(false).set("spark.master", "spark://host:7077");
        SparkConf some = none.clone().set(key, "-Xss2m");
        SparkConf same = none.clone().set(key, "--add-modules jdk.incubator.vector");
        String links = " -Dorg.bytedeco.javacpp.canCreateSymbolicLink=false";

        assertThat(configure(none, 2, 1).get(key)).isEqualTo("--add-modules=jdk.incubator.vector" + links);
        assertThat(configure(some, 2, 1).get(key)).isEqualTo("-Xss2m --add-modules=jdk.incubator.vector" + links);
        assertThat(configure(same, 2, 1).get(key)).isEqualTo("--add-modules jdk.incubator.vector" + links);
    }

    @Test
    void aDriverInTheClusterTakesTheSecretFromItsEnvironmentWhereOneIsAskedFor() {
        String key = "spark.authenticate.secret";
        Map<String, String> environment = Map.of("_SPARK_AUTH_SECRET", "theirs");
        SparkConf asked = new SparkConf(false).set("spark.authenticate", "true");
        SparkConf own = asked.clone().set(key, "mine");
        SparkConf open = new SparkConf(false);

        Sessions.adoptSecret(asked, environment);
        Sessions.adoptSecret(own, environment);
        Sessions.adoptSecret(open, environment);

        assertThat(asked.get(key)).isEqualTo("theirs");
        assertThat(own.get(key)).isEqualTo("mine");
        assertThat(open.contains(key)).isFalse();
    }

    @Test
    void sparkLooksForSilentExecutorsSoonerUnlessItsTimeoutIsSet() {
        SparkConf conf = configure(new SparkConf(false), 2, 1);
        SparkConf patient = configure(new SparkConf(false).set("spark.network.timeout", "800s"), 2, 1);

        assertThat(conf.get("spark.storage.blockManagerHeartbeatTimeoutMs")).isEqualTo("45s");
        assertThat(conf.get("spark.network.timeoutInterval")).isEqualTo("5s");
        assertThat(patient.contains("spark.storage.blockManagerHeartbeatTimeoutMs"))
                .isFalse();
    }

    @Test
    void kryoLearnsToWriteArraysOfNd4j() {
        SparkConf kryo = new SparkConf(false).set("spark.serializer", "org.apache.spark.serializer.KryoSerializer");

        assertThat(configure(kryo, 2, 1).get("spark.kryo.registrator")).isEqualTo("org.nd4j.kryo.Nd4jRegistrator");
        assertThat(configure(new SparkConf(false), 2, 1).contains("spark.kryo.registrator"))
                .isFalse();
    }

    @Test
    void theMetricsPluginJoinsThoseThatTheClusterHas() {
        SparkConf some = new SparkConf(false).set("spark.master", "yarn").set("spark.plugins", "org.x.Theirs");

        assertThat(configure(some, 2, 1).get("spark.plugins"))
                .isEqualTo("org.x.Theirs,siglip.job.training.MetricsPlugin");
        assertThat(configure(some, 2, 1).get("spark.plugins")).as("once").doesNotContain("Plugin,siglip");
    }

    @Test
    void dynamicAllocationIsRefusedWithTheLineThatTurnsItOff() {
        SparkConf cluster =
                new SparkConf(false).set("spark.master", "yarn").set("spark.dynamicAllocation.enabled", "true");

        assertThatThrownBy(() -> configure(cluster, 2, 1))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("--conf spark.dynamicAllocation.enabled=false");
    }

    @ParameterizedTest
    @CsvSource({"spark.remote,sc://host/;token=hush", "spark.api.mode,Connect"})
    void sparkConnectIsRefusedAndItsTokenNotShown(String key, String value) {
        SparkConf client = new SparkConf(false).set(key, value);

        assertThatThrownBy(() -> configure(client, 2, 1))
                .isInstanceOf(SettingsException.class)
                .hasMessageStartingWith("Cannot use the settings: " + key)
                .hasMessageContaining("asks for Spark Connect")
                .hasMessageNotContaining("hush");
        assertThat(configure(new SparkConf(false).set("spark.api.mode", "classic"), 2, 1))
                .isNotNull();
    }

    @ParameterizedTest
    @CsvSource({"local,2,1", "local[1],2,1", "'local[3,2]',4,1", "local[2],2,2"})
    void aLocalMasterWithTooFewSlotsIsRefused(String master, int ranks, int cores) {
        SparkConf conf = new SparkConf(false).set("spark.master", master);

        assertThatThrownBy(() -> configure(conf, ranks, cores))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("add --conf spark.master=local[%d]", ranks * cores);
    }

    @Test
    void moreTasksThanOneProcessCanHoldAreRefusedWhereThereIsNoCluster() {
        assertThatThrownBy(() -> configure(new SparkConf(false), 65_536, 1024))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("run.ranks=65536 with run.cores-per-rank=1024 makes 67108864 tasks");
        assertThatThrownBy(() -> configure(new SparkConf(false), 1000, 1))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("run.ranks=1000 makes as many ranks in this one process");
        SparkConf cluster = configure(new SparkConf(false).set("spark.master", "yarn"), 65_536, 1024);
        assertThat(cluster.get("spark.master")).isEqualTo("yarn");
    }

    private static SparkConf configure(SparkConf conf, int ranks, int coresPerRank) {
        return Sessions.configure(conf, "test", new RunSettings("test", "out", 1, ranks, coresPerRank));
    }
}
