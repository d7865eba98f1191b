package siglip.job.data;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import siglip.job.config.DataSettings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;

/** Sessions, settings and small files for tests that read data. */
public final class TestData {
    static final String SAMPLE = "../data/emoji/pairs.parquet";
    public static final int BUCKETS = 16384;

    private TestData() {}

    public static SparkSession session(int cores) {
        return builder(cores).getOrCreate();
    }

    public static SparkSession.Builder builder(int cores) {
        return SparkSession.builder()
                .master("local[" + cores + "]")
                .appName("data")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "3");
    }

    /** The sample as a run of the default settings sees it: noto-v1 held out, one concept in ten left out. */
    static DataSettings sample() {
        return settings(SAMPLE);
    }

    /** A few hundred pairs of the sample to train on. */
    public static DataSettings part(String... more) {
        return settings(
                SAMPLE,
                concat(
                        List.of(
                                "data.train=\"vendor <> 'noto-v1' and group in ('Animals & Nature', 'Food & Drink')\"",
                                "data.test=\"vendor = 'noto-v1' and group = 'Activities'\""),
                        more));
    }

    /** Columns "image" and "text", all rows for training, none of them skipped. */
    public static DataSettings features(String path, String... more) {
        return settings(
                path,
                concat(
                        List.of(
                                "data.columns.text=text",
                                "data.columns.keywords=null",
                                "data.columns.concept=null",
                                "data.columns.classes=[]",
                                "data.train=null",
                                "data.test=null",
                                "data.left-out-every=0",
                                "data.scaling.image=none",
                                "data.scaling.text=none",
                                "data.max-skipped-share=0"),
                        more));
    }

    private static DataSettings settings(String path, String... assignments) {
        List<String> all = new ArrayList<>(List.of("data.path=" + path));
        all.addAll(List.of(assignments));
        return SettingsLoader.load(new SettingsSources(all, Map.of(), Map.of(), Optional.empty()))
                .settings()
                .data();
    }

    private static String[] concat(List<String> first, String... more) {
        List<String> all = new ArrayList<>(first);
        all.addAll(List.of(more));
        return all.toArray(String[]::new);
    }

    /** Adds a file of these rows to a folder, and returns the folder. */
    public static String write(SparkSession spark, Path folder, StructType schema, List<Row> rows) {
        spark.createDataFrame(rows, schema)
                .coalesce(1)
                .write()
                .mode(SaveMode.Append)
                .parquet(folder.toString());
        return folder.toString();
    }
}
