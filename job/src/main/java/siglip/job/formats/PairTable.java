package siglip.job.formats;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.filter;
import static org.apache.spark.sql.functions.length;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.posexplode;
import static org.apache.spark.sql.functions.when;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.util.SerializableConfiguration;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.Columns;

/** A data set as one table, with the columns of a pair at fixed places. */
public final class PairTable {
    /** Places of the columns in a scanned row. */
    public static final int FILE = 0;

    public static final int ROW = 1;
    public static final int TRAIN = 2;
    public static final int TEST = 3;
    public static final int CONCEPT = 4;
    public static final int IMAGE = 5;
    static final int TEXT = 6;
    static final int KEYWORDS = 7;
    public static final int FAULT = 8;
    public static final int ABSENT = 9;
    public static final int NAME = 10;
    public static final int CLASSES = 11;

    /** Rows of paths that one task reads, at most about. */
    private static final long ROWS_OF_PATHS = 4096;

    private static final int NEIGHBOURS = 16;

    /** Marks of {@link #concepts}. */
    public static final byte FIRST = 0;

    public static final byte FURTHER = 1;

    private final SeenFiles seen;
    private final DataRows data;
    private final PairColumns columns;
    private final Column train;
    private final Column test;

    private PairTable(SeenFiles seen, DataRows data, PairColumns columns, Column train, Column test) {
        this.seen = seen;
        this.data = data;
        this.columns = columns;
        this.train = train;
        this.test = test;
    }

    /**
     * Opens the files and checks their columns.
     *
     * @throws DataException if there are none, or a column or a predicate does not fit them
     */
    public static PairTable open(SparkSession spark, DataSettings settings, int buckets) {
        SeenFiles seen = SeenFiles.at(spark, settings.path());
        DataRows data = DataFormat.open(
                spark,
                new DataFormat.Request(
                        settings.format(),
                        settings.path(),
                        used(spark, settings),
                        settings.columns().key()));
        ColumnNames names = ColumnNames.of(data);
        PictureFiles files = new PictureFiles(
                new SerializableConfiguration(spark.sparkContext().hadoopConfiguration()));
        PairColumns columns = PairColumns.find(names, settings, buckets, files);
        Split split = Split.of(data, names, columns, settings);
        return new PairTable(seen.without(data.ignored().keySet()), data, columns, split.train(), split.test());
    }

    /** The columns that the settings may speak of. */
    private static List<String> used(SparkSession spark, DataSettings settings) {
        Columns columns = settings.columns();
        List<String> names = new ArrayList<>(columns.text());
        names.add(columns.image());
        columns.keywords().ifPresent(names::add);
        columns.concept().ifPresent(names::add);
        names.addAll(columns.classes());
        columns.key().ifPresent(names::add);
        settings.train().ifPresent(sql -> names.addAll(ColumnNames.in(spark, sql)));
        settings.test().ifPresent(sql -> names.addAll(ColumnNames.in(spark, sql)));
        return ColumnNames.columns(names);
    }

    public PairReader reader() {
        return columns.reader();
    }

    /** What was understood, in words for people. */
    public String form() {
        return data.form();
    }

    /** All files, sorted by name. */
    public List<DataFile> files() {
        return data.files();
    }

    /** The other files at the same path, which are not read for rows: by name, why. */
    public Map<String, String> ignored() {
        return data.ignored();
    }

    /**
     * Looks whether all files are as they were when the table was opened. What a scan reads can be trusted once this was called after it.
     *
     * @throws DataException if one has been changed or has gone
     */
    public void requireUnchanged() {
        seen.requireUnchanged();
    }

    /** Whether some rows have a name. */
    public boolean hasNames() {
        return data.name().isPresent();
    }

    /** The rows that either predicate takes, and those that cannot be read at all, with the columns at their fixed places. A row is used again for the next. */
    public JavaRDD<InternalRow> scan() {
        return scan(taken());
    }

    /** The rows that the predicate for held-out rows takes. */
    public JavaRDD<InternalRow> scanTest() {
        return scan(test);
    }

    /** Those of these files that have one of these numbers. */
    public JavaRDD<InternalRow> scan(Collection<String> files, Collection<Integer> rows) {
        return scan(
                data.file().isInCollection(List.copyOf(files)).and(data.row().isInCollection(List.copyOf(rows))));
    }

    private Column taken() {
        Column asked = train.or(test);
        return data.fault().map(fault -> asked.or(fault.isNotNull())).orElse(asked);
    }

    /** Rows that may hold a pair, among those that either predicate takes. */
    private Dataset<Row> pairs() {
        Dataset<Row> rows = data.table().where(train.or(test));
        return data.absent().map(absent -> rows.where(absent.isNull())).orElse(rows);
    }

    private JavaRDD<InternalRow> scan(Column where) {
        List<Column> selected = new ArrayList<>();
        selected.add(data.file());
        selected.add(data.row());
        selected.add(train);
        selected.add(test);
        selected.add(columns.firstConcept());
        selected.add(columns.image());
        selected.add(columns.texts());
        selected.add(columns.keywords());
        selected.add(data.fault().orElse(lit(null).cast(DataTypes.StringType)));
        selected.add(data.absent().orElse(lit(null).cast(DataTypes.StringType)));
        selected.add(data.name().orElse(lit(null).cast(DataTypes.StringType)));
        selected.addAll(columns.classes());
        return spread(data.table().where(where))
                .select(selected.toArray(Column[]::new))
                .queryExecution()
                .toRdd()
                .toJavaRDD();
    }

    /**
     * Files of paths are small, and the pictures that they name are not: rows are handed to all cores before pictures are read, some neighbours
     * together.
     */
    private Dataset<Row> spread(Dataset<Row> rows) {
        if (!(reader().image() instanceof ImageColumn.PicturePaths)) {
            return rows;
        }
        long count = files().stream().mapToLong(DataFile::rows).sum();
        int cores = rows.sparkSession().sparkContext().defaultParallelism();
        int parts = (int) Math.max(4L * cores, Math.min(count / ROWS_OF_PATHS, 100_000));
        return rows.repartition(
                parts, data.file(), data.row().divide(NEIGHBOURS).cast(DataTypes.LongType));
    }

    /**
     * The concepts of all rows that either predicate takes, each alone in its row, which is used again for the next: {@link #FIRST} and the
     * concept's bytes, or {@link #FURTHER} and them for captions of a row beside its first where captions are concepts.
     */
    public JavaRDD<InternalRow> concepts() {
        return conceptsOfRows().queryExecution().toRdd().toJavaRDD();
    }

    /** The same, each once and in the order of their bytes. */
    public Iterator<byte[]> sortedConcepts() {
        Iterator<Row> rows = conceptsOfRows().distinct().orderBy("concept").toLocalIterator();
        return new Iterator<>() {
            @Override
            public boolean hasNext() {
                return rows.hasNext();
            }

            @Override
            public byte[] next() {
                return rows.next().getAs(0);
            }
        };
    }

    private Dataset<Row> conceptsOfRows() {
        Column mark = when(col("pos").equalTo(0), lit(new byte[] {FIRST})).otherwise(lit(new byte[] {FURTHER}));
        return pairs().select(posexplode(filter(columns.concepts(), each -> each.isNotNull()
                        .and(length(each).gt(0)))))
                .select(concat(mark, col("col")).as("concept"));
    }

    /** File, row and key of all rows that either predicate takes, in the order of the key; the settings must name one. */
    public Dataset<Row> keys() {
        return pairs().select(
                        data.file(), data.row(), columns.key().orElseThrow().as("key"))
                .orderBy("key");
    }

    /** Whether a row has no concept, or an empty one. */
    public static boolean hasNoConcept(InternalRow row) {
        return row.isNullAt(CONCEPT) || row.getBinary(CONCEPT).length == 0;
    }
}
