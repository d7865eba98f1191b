package siglip.job.data;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataType;
import scala.Tuple2;
import siglip.job.batches.EncodedPair;
import siglip.job.batches.SlicePartitioner;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFile;
import siglip.job.formats.DataFormat;
import siglip.job.formats.DataRows;
import siglip.job.formats.GivenFeatures;
import siglip.job.formats.Pair;
import siglip.job.formats.PairTable;
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
        this.width = imageType.read(scan().first(), 2).length;
    }

    /**
     * @param path file or folder; files count in the order of their names
     * @throws DataException if the columns are not there or hold no embeddings
     */
    public static EmbeddingPairs open(SparkSession spark, String path, String imageColumn, String textColumn) {
        DataRows data = DataFormat.BY_NAME.get("parquet").open(spark, path, List.of(imageColumn, textColumn));
        GivenFeatures image = type(data.table(), path, imageColumn);
        GivenFeatures text = type(data.table(), path, textColumn);
        Map<String, Long> starts = new HashMap<>();
        long total = 0;
        for (DataFile file : data.files()) {
            starts.put(file.uri(), total);
            total += file.rows();
        }
        if (total == 0) {
            throw new DataException("Cannot compute the loss of %s: it holds no rows".formatted(path));
        }
        Dataset<Row> table =
                data.table().select(data.file(), data.row(), PairTable.named(imageColumn), PairTable.named(textColumn));
        return new EmbeddingPairs(table, image, text, starts, total);
    }

    private static GivenFeatures type(Dataset<Row> rows, String path, String column) {
        List<String> columns = List.of(rows.columns());
        if (!columns.contains(column)) {
            throw new DataException("Cannot find column '%s' in %s: it has %s".formatted(column, path, columns));
        }
        DataType type = rows.schema().apply(column).dataType();
        return GivenFeatures.of(type)
                .orElseThrow(() -> new DataException(
                        "Cannot read embeddings from column '%s' of %s: it is %s, not an array of float or double, float32 binary, or a vector"
                                .formatted(column, path, type.simpleString())));
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
                            checked(row, 3, text, expected, where),
                            new int[0],
                            0);
                    return new Tuple2<>(
                            first.get(file) + index, EncodedPair.of(0, pair).bytes());
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
