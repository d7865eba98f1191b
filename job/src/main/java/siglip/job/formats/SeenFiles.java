package siglip.job.formats;

import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.spark.sql.SparkSession;
import siglip.job.files.FoundFiles.Found;

/**
 * The files at a path as they were when the data set was opened: their lengths, and when they were last written. Rows are read more than once, and
 * have their numbers from the first time.
 */
final class SeenFiles {
    private final SparkSession spark;
    private final String path;
    private final Map<String, Found> files;

    private SeenFiles(SparkSession spark, String path, Map<String, Found> files) {
        this.spark = spark;
        this.path = path;
        this.files = files;
    }

    /** Those that are there now; a table of Spark has none. */
    static SeenFiles at(SparkSession spark, String path) {
        return new SeenFiles(spark, path, list(spark, path));
    }

    /** All but those of these names, which are not read for rows: a run may write its own results beside its data. */
    SeenFiles without(Set<String> names) {
        Map<String, Found> read = new HashMap<>(files);
        read.keySet().removeAll(names);
        return new SeenFiles(spark, path, read);
    }

    /**
     * Looks again. Files that have been added are no rows of this data set.
     *
     * @throws DataException if one has been changed or has gone; it names the first
     */
    void requireUnchanged() {
        Map<String, Found> now = files.isEmpty() ? Map.of() : list(spark, path);
        files.values().stream()
                .filter(file -> !file.equals(now.get(file.name())))
                .min(Comparator.comparing(Found::name))
                .ifPresent(file -> {
                    throw new DataException(
                            "Cannot go on with the pairs from %s: %s. A run reads its files more than once: leave them alone while it goes on"
                                    .formatted(path, change(file, now.get(file.name()))));
                });
    }

    private static String change(Found before, Found now) {
        return now == null
                ? before.uri() + " has gone"
                : "%s has changed from %,d bytes of %s to %,d bytes of %s"
                        .formatted(
                                before.uri(),
                                before.bytes(),
                                Instant.ofEpochMilli(before.modified()),
                                now.bytes(),
                                Instant.ofEpochMilli(now.modified()));
    }

    private static Map<String, Found> list(SparkSession spark, String path) {
        return path.startsWith(DataFormat.TABLE)
                ? Map.of()
                : FileRows.files(spark, path).files().stream()
                        .collect(Collectors.toMap(Found::name, Function.identity()));
    }
}
