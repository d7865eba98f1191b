package siglip.job.data;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;
import siglip.job.batches.EncodedPair;
import siglip.job.batches.SlicePartitioner;
import siglip.job.config.DataSettings.Format;
import siglip.job.features.Pair;
import siglip.job.features.Texts;
import siglip.job.formats.ColumnNames;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFailure;
import siglip.job.formats.DataFile;
import siglip.job.formats.DataFormat;
import siglip.job.formats.DataRows;
import siglip.job.formats.GivenFeatures;
import siglip.job.order.Slices;

/** Image and text embeddings of a data set as they are given: no row is left out, none is scaled, and the order is the file's own. */
public final class EmbeddingPairs {
    private final Dataset<Row> table;
    private final GivenFeatures imageType;
    private final GivenFeatures textType;
    private final Map<String, Long> starts;
    private final long rows;
    private final int width;

    private EmbeddingPairs(
            Dataset<Row> table, GivenFeatures imageType, GivenFeatures textType, Map<String, Long> starts, long rows) {
        this.table = table;
        this.imageType = imageType;
        this.textType = textType;
        this.starts = starts;
        this.rows = rows;
        InternalRow first = scan().first();
        this.width = first.isNullAt(2) ? 0 : imageType.read(first, 2).length;
    }

    /**
     * @param path file or folder; files count in the order of their names
     * @throws DataException if the columns are not there or hold no embeddings
     */
    public static EmbeddingPairs open(
            SparkSession spark, Format format, String path, String imageColumn, String textColumn) {
        return DataFailure.named(path, () -> opened(spark, format, path, imageColumn, textColumn));
    }

    private static EmbeddingPairs opened(
            SparkSession spark, Format format, String path, String imageColumn, String textColumn) {
        DataRows data = DataFormat.open(
                spark,
                new DataFormat.Request(
                        format, path, ColumnNames.columns(List.of(imageColumn, textColumn)), Optional.empty()));
        refuseFaults(data, path);
        ColumnNames names = ColumnNames.of(data);
        ColumnNames.Found image = column(names, path, imageColumn, "--image-column");
        ColumnNames.Found text = column(names, path, textColumn, "--text-column");
        Map<String, Long> starts = new HashMap<>();
        long total = 0;
        for (DataFile file : data.files()) {
            starts.put(file.uri(), total);
            total += file.rows();
        }
        if (total == 0) {
            throw new DataException("Cannot compute the loss of %s: it holds no rows".formatted(path));
        }
        Dataset<Row> table = data.table().select(data.file(), data.row(), image.column(), text.column());
        EmbeddingPairs pairs =
                new EmbeddingPairs(table, type(image, path, imageColumn), type(text, path, textColumn), starts, total);
        if (pairs.width == 0) {
            throw new DataException(
                    "Cannot compute the loss of %s: its first image embedding is missing or empty".formatted(path));
        }
        return pairs;
    }

    private static void refuseFaults(DataRows data, String path) {
        data.fault().ifPresent(fault -> {
            List<Row> first = data.table()
                    .where(fault.isNotNull())
                    .select(data.file(), data.row(), fault)
                    .limit(1)
                    .collectAsList();
            if (!first.isEmpty()) {
                throw new DataException("Cannot compute the loss of %s: %s, row %d: %s"
                        .formatted(
                                path,
                                first.get(0).getString(0),
                                first.get(0).getLong(1),
                                first.get(0).getString(2)));
            }
        });
    }

    private static ColumnNames.Found column(ColumnNames names, String path, String name, String option) {
        return names.find(name)
                .orElseThrow(() -> new DataException("Cannot read embeddings from %s: %s. Its columns are %s"
                        .formatted(path, names.whyNot(name, option), names.listed())));
    }

    private static GivenFeatures type(ColumnNames.Found found, String path, String column) {
        return GivenFeatures.of(found.type())
                .orElseThrow(
                        () -> new DataException("Cannot read embeddings from column '%s' of %s: it is %s; %s would do"
                                .formatted(column, path, found.type().simpleString(), GivenFeatures.TYPES)));
    }

    public long rows() {
        return rows;
    }

    /** Floats of an embedding, d. */
    public int width() {
        return width;
    }

    /** The pairs in order, encoded without ids, cut into one partition a rank. */
    public JavaRDD<byte[]> slices(Slices cut) {
        Map<String, Long> first = starts;
        GivenFeatures image = imageType;
        GivenFeatures text = textType;
        int expected = width;
        return scan().mapToPair(row -> {
                    String file = row.getString(0);
                    long index = row.getLong(1);
                    String where = "%s, row %d".formatted(file, index);
                    Pair pair = new Pair(
                            checked(row, 2, image, expected, where),
                            Texts.ofFeatures(List.of(checked(row, 3, text, expected, where))));
                    return new Tuple2<>(
                            first.get(file) + index,
                            EncodedPair.of(new int[1], pair).bytes());
                })
                .repartitionAndSortWithinPartitions(new SlicePartitioner(cut))
                .values();
    }

    private static float[] checked(InternalRow row, int column, GivenFeatures type, int width, String where) {
        if (row.isNullAt(column)) {
            throw new DataException("Cannot use %s: an embedding is missing".formatted(where));
        }
        float[] values = type.read(row, column);
        if (values.length != width) {
            throw new DataException("Cannot use %s: an embedding has %d floats, the first of the file has %d"
                    .formatted(where, values.length, width));
        }
        for (float value : values) {
            if (!Float.isFinite(value)) {
                throw new DataException("Cannot use %s: an embedding holds %s".formatted(where, value));
            }
        }
        return values;
    }

    private JavaRDD<InternalRow> scan() {
        return table.queryExecution().toRdd().toJavaRDD();
    }
}
