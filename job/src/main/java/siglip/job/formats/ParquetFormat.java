package siglip.job.formats;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.StringJoiner;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.util.SerializableConfiguration;
import siglip.job.failures.RootCause;
import siglip.job.files.FoundFiles;
import siglip.job.files.FoundFiles.Found;
import siglip.job.files.JavaSerialized;
import siglip.job.formats.ParquetFooter.TypeRules;

/**
 * Parquet files, by Spark's own reader. Which columns there are is read from every file's footer, and Spark is asked for those alone that are used, so
 * that no other can be in the way. Files whose columns differ in type, float and double for one, are read apart and widened.
 *
 * <p>In a folder, files named {@code *.parquet}, {@code *.parq} or {@code *.pq} are read; where none is, those that are Parquet whatever their name.
 */
final class ParquetFormat implements DataFormat {
    /** Footers of more files than this are read on the executors. */
    private static final int FEW = 8;

    /** Names of Parquet files end so. */
    static final List<String> SUFFIXES = List.of("parquet", "parq", "pq");

    private static final String BATCH_ROWS = "spark.sql.parquet.columnarReaderBatchSize";

    /** Bytes of a column that a batch of rows aims at: far enough below 2 GiB for rows that are thirty times the mean. */
    private static final long BATCH_BYTES = 64L << 20;

    @Override
    public DataRows read(SparkSession spark, Request request) {
        String path = request.path();
        List<String> columns = request.columns();
        SparkSession session = FileRows.ownSession(spark);
        try {
            return open(session, FileRows.files(session, path), columns);
        } catch (Exception | AssertionError e) { // Spark asserts that folders are partitioned in one way
            if (e instanceof DataException) {
                throw e;
            }
            if (session.sparkContext().isStopped()) {
                throw new IllegalStateException("Cannot read pairs from %s: Spark has stopped".formatted(path), e);
            }
            throw new DataException("Cannot read pairs from %s: %s".formatted(path, RootCause.line(e)), e);
        }
    }

    private static DataRows open(SparkSession session, FoundFiles input, List<String> columns) {
        String path = input.path();
        FoundFiles named = input.ending(SUFFIXES);
        List<ParquetFooter> footers = footers(session, input, named);
        if (footers.isEmpty()) {
            throw new DataException("Cannot read pairs from %s: it holds %s, and no Parquet file%s"
                    .formatted(path, input.counts(), named.isEmpty() ? "" : " with anything in it"));
        }
        Set<String> read = footers.stream().map(footer -> footer.file().name()).collect(Collectors.toSet());
        ParquetTable.refuseUnevenFolders(path, footers);
        ParquetColumns found = ParquetColumns.of(footers);
        StructType used = ColumnNames.only(
                found.types(),
                Img2dataset.isIn(found.types())
                        ? Stream.concat(columns.stream(), Img2dataset.COLUMNS.stream())
                                .toList()
                        : columns);
        boolean byRows = Stream.of(used.fieldNames()).anyMatch(found.split()::contains);
        configure(session, found, used, byRows);
        String place = "_metadata";
        while (List.of(found.types().fieldNames()).contains(place)) {
            place = "_" + place;
        }
        boolean apart = byRows && ParquetColumns.differInCaseAlone(used); // Spark's reader of rows mixes them up
        ParquetTable table = new ParquetTable(session, input, used, place, apart);
        Dataset<Row> rows = table.rows(footers);
        Map<String, String> unreadable = new TreeMap<>(found.unreadable());
        for (String column : table.ofFolders(footers)) {
            rows = rows.drop(column);
            unreadable.put(
                    column,
                    apart
                            ? "is the name of folders, which is not read beside BYTE_STREAM_SPLIT and names that differ in case alone: rename one"
                            : "is the name of folders, which is not read beside float16 and other new types: write float32");
        }
        StructType schema = found.types();
        for (StructField field : rows.schema().fields()) {
            if (!List.of(schema.fieldNames()).contains(field.name())
                    && !field.name().equals(place)) {
                schema = schema.add(field); // from the names of folders
            }
        }
        return Img2dataset.understood(new DataRows(
                "parquet",
                rows,
                functions.col(place).getField("file_path"),
                functions.col(place).getField("row_index"),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                footers.stream().map(ParquetFooter::file).toList(),
                schema,
                unreadable,
                FileRows.ignored(
                        input,
                        input.where(file -> read.contains(file.name())),
                        named.isEmpty() ? "no Parquet file" : "not named as Parquet")));
    }

    /**
     * How many rows Spark's reader may take at a time. All cells of one column of such a batch lie in one array of at most 2 GiB, so the reader's
     * 4,096 rows are too many for images of half a megabyte and more.
     */
    static long batchRows(long most, long widestRowBytes) {
        return Math.max(1, Math.min(most, BATCH_BYTES / Math.max(1, widestRowBytes)));
    }

    private static void configure(SparkSession session, ParquetColumns found, StructType used, boolean byRows) {
        List<String> names = List.of(used.fieldNames());
        long widest = names.stream().mapToLong(found.rowBytes()::get).max().orElse(0);
        session.conf().set(BATCH_ROWS, batchRows(Long.parseLong(session.conf().get(BATCH_ROWS)), widest));
        if (byRows) {
            session.conf().set("spark.sql.parquet.enableVectorizedReader", false); // it does not know BYTE_STREAM_SPLIT
        }
        ColumnNames.tellApart(
                session, Img2dataset.isIn(found.types()) ? Img2dataset.understood(found.types()) : found.types());
    }

    /** The footers of the files that are read, in the order of their names. */
    /** On a local disk, Hadoop cannot name the checksum file beside such a file. */
    private static void refuseColons(String path, List<Found> files) {
        files.stream()
                .map(Found::path)
                .filter(file -> "file".equals(file.toUri().getScheme())
                        && file.getName().contains(":"))
                .findFirst()
                .ifPresent(file -> {
                    throw new DataException(
                            "Cannot read pairs from %s: on a local disk, Parquet cannot be read from a file with a colon in its own name, such as %s: rename it"
                                    .formatted(path, file.getName()));
                });
    }

    private static List<ParquetFooter> footers(SparkSession session, FoundFiles input, FoundFiles named) {
        boolean chosen = !input.inFolder() || !named.isEmpty();
        List<Found> files = input.inFolder()
                ? (chosen ? named : input).where(file -> file.bytes() > 0).files()
                : input.files();
        refuseColons(input.path(), files);
        TypeRules rules = TypeRules.of(session.sessionState().conf());
        SerializableConfiguration settings =
                new SerializableConfiguration(session.sparkContext().hadoopConfiguration());
        if (files.size() <= FEW) {
            return files.stream()
                    .flatMap(file -> ParquetFooter.read(file, chosen, rules, settings.value()).stream())
                    .toList();
        }
        return JavaSparkContext.fromSparkContext(session.sparkContext())
                .parallelize(files.stream().map(JavaSerialized::bytes).toList(), Math.min(files.size(), 1000))
                .flatMap(file ->
                        ParquetFooter.read(JavaSerialized.read(Found.class, file), chosen, rules, settings.value())
                                .stream()
                                .map(JavaSerialized::bytes)
                                .iterator())
                .collect()
                .stream()
                .map(bytes -> JavaSerialized.read(ParquetFooter.class, bytes))
                .toList();
    }

    /** Parquet as img2dataset writes it: a picture's bytes, a text, a key, and the status of the download, without which there is no picture. */
    private static final class Img2dataset {
        /** Columns of pictures, by the encoding that was asked for. */
        private static final List<String> IMAGES = List.of("jpg", "png", "webp");

        /** All columns that are looked at. */
        static final List<String> COLUMNS = List.of("jpg", "png", "webp", "key", "status", "txt");

        private static final String IMAGE = "image";
        private static final String CAPTION = "caption";

        private Img2dataset() {}

        /** The same rows or, if img2dataset wrote them, also columns {@code image} and {@code caption}, and what failed marked as absent. */
        static DataRows understood(DataRows rows) {
            StructType schema = rows.schema();
            if (!isIn(schema)) {
                return rows;
            }
            String image = IMAGES.stream()
                    .filter(name -> is(schema, name, DataTypes.BinaryType))
                    .findFirst()
                    .orElseThrow();
            Dataset<Row> table = rows.table();
            StringJoiner mapped = new StringJoiner(", ", " (", ")").setEmptyValue("");
            if (!has(schema, IMAGE)) {
                table = table.withColumn(IMAGE, col(image));
                mapped.add("image = " + image);
            }
            if (!has(schema, CAPTION) && has(schema, "txt")) {
                table = table.withColumn(CAPTION, col("txt"));
                mapped.add("caption = txt");
            }
            Column status = col("status");
            Column absent = when(
                    status.isNull().or(status.notEqual("success")),
                    concat(lit("status "), coalesce(status, lit("is missing"))));
            return new DataRows(
                    "img2dataset's " + rows.form() + mapped,
                    table,
                    rows.file(),
                    rows.row(),
                    rows.name(),
                    rows.fault(),
                    Optional.of(absent),
                    rows.files(),
                    understood(schema),
                    rows.unreadable(),
                    rows.ignored());
        }

        /** The columns of such rows. */
        static StructType understood(StructType schema) {
            StructType understood = has(schema, IMAGE) ? schema : schema.add(IMAGE, DataTypes.BinaryType);
            return has(schema, CAPTION) || !has(schema, "txt")
                    ? understood
                    : understood.add(CAPTION, schema.apply("txt").dataType());
        }

        /** Whether these are the columns of img2dataset. */
        static boolean isIn(StructType schema) {
            return IMAGES.stream().anyMatch(name -> is(schema, name, DataTypes.BinaryType))
                    && is(schema, "key", DataTypes.StringType)
                    && is(schema, "status", DataTypes.StringType);
        }

        private static boolean has(StructType schema, String column) {
            return Arrays.asList(schema.fieldNames()).contains(column);
        }

        private static boolean is(StructType schema, String column, DataType type) {
            return has(schema, column) && schema.apply(column).dataType().equals(type);
        }
    }
}
