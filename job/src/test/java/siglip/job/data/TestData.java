package siglip.job.data;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.Columns;
import siglip.job.config.DataSettings.Kind;
import siglip.job.config.DataSettings.Source;

/** Sessions, settings and small files for tests of this package. */
public final class TestData {
    static final String SAMPLE = "../data/emoji/pairs.parquet";
    public static final int BUCKETS = 16384;

    private TestData() {}

    public static SparkSession session(int cores) {
        return builder(cores).getOrCreate();
    }

    static SparkSession.Builder builder(int cores) {
        return SparkSession.builder()
                .master("local[" + cores + "]")
                .appName("data")
                .config("spark.ui.enabled", "false")
                .config("spark.driver.host", "127.0.0.1")
                .config("spark.driver.bindAddress", "127.0.0.1")
                .config("spark.sql.shuffle.partitions", "3");
    }

    /** The sample as the profile for it splits it: noto-v1 held out, one concept in ten left out. */
    static DataSettings sample() {
        Columns columns = new Columns(
                "image",
                Kind.AUTO,
                "caption",
                Kind.AUTO,
                Optional.of("keywords"),
                Optional.of("concept"),
                List.of("group", "subgroup"),
                Optional.empty());
        return new DataSettings(
                SAMPLE,
                columns,
                Optional.of("vendor in ('noto', 'fluent-emoji-flat')"),
                Optional.of("vendor = 'noto-v1'"),
                10,
                Source.AUTO,
                1L << 30,
                0.01);
    }

    /** A few hundred pairs of the sample to train on. */
    public static DataSettings part() {
        return split(
                sample(),
                Optional.of("vendor <> 'noto-v1' and group in ('Animals & Nature', 'Food & Drink')"),
                Optional.of("vendor = 'noto-v1' and group = 'Activities'"));
    }

    /** Feature columns "image" and "text", all rows for training. */
    static DataSettings features(String path) {
        return new DataSettings(
                path,
                columns("image", "text", Optional.empty()),
                Optional.empty(),
                Optional.empty(),
                0,
                Source.AUTO,
                1L << 30,
                0);
    }

    static Columns columns(String image, String text, Optional<String> key) {
        return new Columns(image, Kind.AUTO, text, Kind.AUTO, Optional.empty(), Optional.empty(), List.of(), key);
    }

    static DataSettings withColumns(DataSettings settings, Columns columns) {
        return new DataSettings(
                settings.path(),
                columns,
                settings.train(),
                settings.test(),
                settings.leftOutEvery(),
                settings.source(),
                settings.replicatedLimitBytes(),
                settings.maxSkippedShare());
    }

    static DataSettings split(DataSettings settings, Optional<String> train, Optional<String> test) {
        return new DataSettings(
                settings.path(),
                settings.columns(),
                train,
                test,
                settings.leftOutEvery(),
                settings.source(),
                settings.replicatedLimitBytes(),
                settings.maxSkippedShare());
    }

    static DataSettings skipping(DataSettings settings, double maxSkippedShare) {
        return new DataSettings(
                settings.path(),
                settings.columns(),
                settings.train(),
                settings.test(),
                settings.leftOutEvery(),
                settings.source(),
                settings.replicatedLimitBytes(),
                maxSkippedShare);
    }

    static DataSettings from(DataSettings settings, Source source) {
        return new DataSettings(
                settings.path(),
                settings.columns(),
                settings.train(),
                settings.test(),
                settings.leftOutEvery(),
                source,
                settings.replicatedLimitBytes(),
                settings.maxSkippedShare());
    }

    /** Adds a file of these rows to a folder, and returns the folder. */
    static String write(SparkSession spark, Path folder, StructType schema, List<Row> rows) {
        spark.createDataFrame(rows, schema)
                .coalesce(1)
                .write()
                .mode(SaveMode.Append)
                .parquet(folder.toString());
        return folder.toString();
    }
}
