package siglip.job.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.Partitioner;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.functions;
import scala.Tuple2;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFile;
import siglip.job.formats.DataFiles;
import siglip.job.formats.FeatureType;
import siglip.job.order.Slices;

/** Image and text embeddings of a Parquet file as they are given: no row is left out, none is scaled, and the order is the file's own. */
public final class EmbeddingPairs {
    private final Dataset<Row> table;
    private final FeatureType imageType;
    private final FeatureType textType;
    private final Map<String, Long> starts;
    private final long rows;
    private final int width;

    private EmbeddingPairs(
            Dataset<Row> table, FeatureType imageType, FeatureType textType, Map<String, Long> starts, long rows) {
        this.table = table;
        this.imageType = imageType;
        this.textType = textType;
        this.starts = starts;
        this.rows = rows;
        this.width = rows == 0 ? 0 : imageType.read(scan().first(), 2).length;
    }

    /**
     * @param path Parquet file or folder; files count in the order of their names
     * @throws DataException if the columns are not there or hold no embeddings
     */
    public static EmbeddingPairs open(SparkSession spark, String path, String imageColumn, String textColumn) {
        Dataset<Row> rows = DataFiles.read(spark, path);
        FeatureType image = type(rows, path, imageColumn);
        FeatureType text = type(rows, path, textColumn);
        Map<String, Long> starts = new HashMap<>();
        long total = 0;
        for (DataFile file : DataFiles.list(spark, path, rows, imageColumn)) {
            starts.put(file.uri(), total);
            total += file.rows();
        }
        Dataset<Row> table = rows.select(
                functions.col("_metadata.file_path"),
                functions.col("_metadata.row_index"),
                rows.col("`" + imageColumn + "`"),
                rows.col("`" + textColumn + "`"));
        EmbeddingPairs pairs = new EmbeddingPairs(table, image, text, starts, total);
        if (total == 0) {
            throw new DataException("Cannot compute the loss of %s: it holds no rows".formatted(path));
        }
        return pairs;
    }

    private static FeatureType type(Dataset<Row> rows, String path, String column) {
        List<String> columns = List.of(rows.columns());
        if (!columns.contains(column)) {
            throw new DataException("Cannot find column '%s' in %s: it has %s".formatted(column, path, columns));
        }
        return FeatureType.of(rows.schema().apply(column).dataType())
                .orElseThrow(() -> new DataException(
                        "Cannot read embeddings from column '%s' of %s: it is %s, not an array of float or double, float32 binary, or a vector"
                                .formatted(
                                        column,
                                        path,
                                        rows.schema().apply(column).dataType().simpleString())));
    }

    public long rows() {
        return rows;
    }

    /** Floats of an embedding, d. */
    public int width() {
        return width;
    }

    /** The pairs in order, cut into one partition a rank. */
    public JavaRDD<Embedded> slices(Slices cut) {
        Map<String, Long> first = starts;
        FeatureType image = imageType;
        FeatureType text = textType;
        int expected = width;
        return scan().mapToPair(row -> {
                    String file = row.getString(0);
                    long index = row.getLong(1);
                    String where = "%s, row %d".formatted(file, index);
                    Embedded pair = new Embedded(
                            first.get(file) + index,
                            checked(row, 2, image, expected, where),
                            checked(row, 3, text, expected, where));
                    return new Tuple2<>(pair.position(), pair);
                })
                .repartitionAndSortWithinPartitions(new BySlice(cut))
                .values();
    }

    private static float[] checked(InternalRow row, int column, FeatureType type, int width, String where) {
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

    /** One pair of embeddings. No record: a cluster may have set Spark's Kryo, which cannot write records. */
    public static final class Embedded implements Serializable {
        private static final long serialVersionUID = 1L;

        private final long position;
        private final float[] image;
        private final float[] text;

        Embedded(long position, float[] image, float[] text) {
            this.position = position;
            this.image = image;
            this.text = text;
        }

        /** Of the row, from 0. */
        public long position() {
            return position;
        }

        public float[] image() {
            return image;
        }

        public float[] text() {
            return text;
        }
    }

    /** Sends a position to the rank that has it. */
    private static final class BySlice extends Partitioner {
        private static final long serialVersionUID = 1L;

        private final List<Integer> starts = new ArrayList<>();

        BySlice(Slices cut) {
            for (int rank = 0; rank < cut.ranks(); rank++) {
                starts.add(cut.start(rank));
            }
        }

        @Override
        public int numPartitions() {
            return starts.size();
        }

        @Override
        public int getPartition(Object position) {
            int rank = starts.size() - 1;
            while (starts.get(rank) > (Long) position) {
                rank--;
            }
            return rank;
        }
    }
}
