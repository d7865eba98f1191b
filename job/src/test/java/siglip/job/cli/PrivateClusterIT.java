package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import siglip.job.comparison.ArmResult;
import siglip.job.comparison.Comparison;
import siglip.job.comparison.ComparisonResult;
import siglip.job.comparison.RunListener;
import siglip.job.config.LoadedSettings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.figures.RunFigures;
import siglip.job.model.ModelFiles;
import siglip.job.model.SavedModel;
import siglip.job.report.RunFiles;
import siglip.job.ring.RingSecurity;
import siglip.job.ring.Site;

/** A comparison on executors of their own under authentication and AES gives the bits of one in a single process without. */
@Timeout(300)
class PrivateClusterIT {
    private static final String CLUSTER = "local-cluster[2,1,1024]";
    private static final String SECRET = "a secret that nothing may show";

    @TempDir
    private static Path folder;

    @BeforeAll
    static void prepare() throws IOException {
        SparkHome.create();
        int code = Main.commandLine(new Failures())
                .execute(
                        "prepare",
                        "synthetic",
                        "--rows=200",
                        "--width=24",
                        "--signal=4",
                        "--out=" + folder.resolve("pairs"));
        assertThat(code).isZero();
    }

    @Test
    void encryptionChangesNoBitOfATrainingAndItsSecretIsNowhereInWhatItLeaves() throws IOException {
        List<float[]> plain = train("plain", "local[2]", Map.of());
        List<float[]> counter = train("ctr", CLUSTER, encrypted("AES/CTR/NoPadding"));
        List<float[]> galois = train("gcm", CLUSTER, encrypted("AES/GCM/NoPadding"));

        assertThat(plain).hasSize(2).allSatisfy(values -> assertThat(values).isNotEmpty());
        for (int i = 0; i < plain.size(); i++) {
            assertThat(counter.get(i)).isEqualTo(plain.get(i));
            assertThat(galois.get(i)).isEqualTo(plain.get(i));
        }
        try (Stream<Path> files = Files.walk(folder)) {
            assertThat(files.filter(Files::isRegularFile)).isNotEmpty().allSatisfy(file -> assertThat(
                            new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1))
                    .as("%s", file)
                    .doesNotContain(SECRET));
        }
    }

    private static Map<String, String> encrypted(String cipher) {
        return Map.of(
                "spark.authenticate",
                "true",
                "spark.authenticate.secret",
                SECRET,
                "spark.network.crypto.enabled",
                "true",
                "spark.network.crypto.cipher",
                cipher);
    }

    /** The parameters of both arms after a few steps. */
    private static List<float[]> train(String name, String master, Map<String, String> security) throws IOException {
        LoadedSettings loaded = SettingsLoader.load(new SettingsSources(
                List.of(
                        "run.name=" + name,
                        "run.out=" + folder.resolve("runs"),
                        "data.path=" + folder.resolve("pairs"),
                        "data.columns.text=text",
                        "data.columns.keywords=null",
                        "data.columns.concept=null",
                        "data.columns.classes=[]",
                        "data.columns.key=id",
                        "data.left-out-every=0",
                        "data.train=null",
                        "data.test=null",
                        "training.batch-size=32",
                        "training.steps=4",
                        "evaluation.nearest-neighbour=false",
                        "towers.width=16",
                        "towers.image.hidden=[24]",
                        "towers.text.hidden=[20]"),
                Map.of(),
                Map.of(),
                Optional.empty()));
        SparkConf conf = new SparkConf().setMaster(master);
        security.forEach(conf::set);
        Sessions.configure(conf, name, loaded.settings().run());
        RingSecurity.configure(conf, "3.5.9");
        try (SparkSession spark = SparkSession.builder().config(conf).getOrCreate()) {
            RingSecurity.requireProtected(Site.ofDriver(), loaded.settings().ring());
            ComparisonResult result = Comparison.run(spark, loaded.settings(), loaded.rendered(), new RunListener() {});
            assertThat(result.incidents()).singleElement().asString().startsWith("nothing is held out");
            RunFiles.write(RunFigures.of(result), spark.sparkContext().hadoopConfiguration());
            List<float[]> parameters = new ArrayList<>();
            for (ArmResult arm : result.arms()) {
                String path = loaded.settings().run().folder() + "/models/"
                        + arm.arm().name();
                SavedModel model = ModelFiles.read(new org.apache.hadoop.fs.Path(path), new Configuration());
                parameters.add(model.parameters().dense().toArray());
            }
            return parameters;
        }
    }
}
