package siglip.job.formats;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.net.URI;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;
import org.apache.spark.util.SerializableConfiguration;
import siglip.job.config.FirstLine;
import siglip.job.files.FileSystems;
import siglip.job.files.JavaSerialized;

/**
 * Parquet files, by Spark's own reader. In a folder that holds files named {@code *.parquet}, others are left alone. Types of a user's own, such as
 * Spark's vectors, are read as what they are stored as.
 */
final class ParquetFormat implements DataFormat {
    static final String NAME = "parquet";

    /** Footers of more files than this are read on the executors. */
    private static final int FEW = 8;

    private static final String BATCH_ROWS = "spark.sql.parquet.columnarReaderBatchSize";

    /** Bytes of a column that a batch of rows aims at: far enough below 2 GiB for rows that are thirty times the mean. */
    private static final long BATCH_BYTES = 64L << 20;

    /**
     * What a footer says of its file.
     *
     * @param widestRowBytes mean uncompressed bytes of a row's widest column in the row group where it is largest
     */
    private record Footer(DataFile file, long widestRowBytes) implements Serializable {}

    @Override
    public DataRows open(SparkSession spark, String path, List<String> columns) {
        SparkSession session = sessionLike(spark);
        Dataset<Row> table = read(session, path);
        List<Footer> footers = footers(session, path, table, columns);
        long widest = footers.stream().mapToLong(Footer::widestRowBytes).max().orElse(0);
        session.conf().set(BATCH_ROWS, batchRows(Long.parseLong(session.conf().get(BATCH_ROWS)), widest));
        return new DataRows(
                table,
                functions.col("_metadata.file_path"),
                functions.col("_metadata.row_index"),
                footers.stream()
                        .map(Footer::file)
                        .sorted(Comparator.comparing(DataFile::name))
                        .toList());
    }

    /**
     * How many rows Spark's reader may take at a time. All cells of one column of such a batch lie in one array of at most 2 GiB, so the reader's
     * 4,096 rows are too many for images of half a megabyte and more.
     */
    static long batchRows(long most, long widestRowBytes) {
        return Math.max(1, Math.min(most, BATCH_BYTES / Math.max(1, widestRowBytes)));
    }

    /** A session of our own with the same settings, so that reader settings of the caller's stay as they are. */
    private static SparkSession sessionLike(SparkSession spark) {
        SparkSession session = spark.newSession();
        scala.collection.JavaConverters.mapAsJavaMap(spark.conf().getAll()).forEach((key, value) -> {
            if (session.conf().isModifiable(key)) {
                session.conf().set(key, value);
            }
        });
        return session;
    }

    private static Dataset<Row> read(SparkSession session, String path) {
        try {
            DataFrameReader reader = session.read();
            if (hasNamedFiles(new Path(path), session.sparkContext().hadoopConfiguration())) {
                reader = reader.option("pathGlobFilter", "*.parquet");
            }
            Dataset<Row> rows = reader.parquet(path);
            StructType stored = stored(rows.schema());
            return stored.equals(rows.schema()) ? rows : reader.schema(stored).parquet(path);
        } catch (FileNotFoundException e) {
            throw new DataException("Cannot read pairs from %s: there is no such file or folder".formatted(path), e);
        } catch (Exception e) {
            if (session.sparkContext().isStopped()) {
                throw new IllegalStateException("Cannot read pairs from %s: Spark has stopped".formatted(path), e);
            }
            if (e instanceof AnalysisException found && "UNABLE_TO_INFER_SCHEMA".equals(found.getErrorClass())) {
                throw new DataException("Cannot read pairs: no Parquet files in %s".formatted(path), e);
            }
            if (e instanceof AnalysisException || e instanceof IOException) {
                throw new DataException("Cannot read pairs from %s: %s".formatted(path, FirstLine.of(e)), e);
            }
            throw new DataException("Cannot read pairs from %s: is it Parquet? %s".formatted(path, e.getMessage()), e);
        }
    }

    private static List<Footer> footers(SparkSession session, String path, Dataset<Row> table, List<String> columns) {
        Configuration settings = session.sparkContext().hadoopConfiguration();
        URI root = root(new Path(path), settings);
        List<String> uris = Arrays.asList(table.inputFiles());
        SerializableConfiguration shipped = new SerializableConfiguration(settings);
        if (uris.size() <= FEW) {
            return uris.stream().map(uri -> footer(uri, root, columns, shipped)).toList();
        }
        return JavaSparkContext.fromSparkContext(session.sparkContext())
                .parallelize(uris, Math.min(uris.size(), 1000))
                .map(uri -> JavaSerialized.bytes(footer(uri, root, columns, shipped)))
                .collect()
                .stream()
                .map(bytes -> JavaSerialized.read(Footer.class, bytes))
                .toList();
    }

    private static Footer footer(String uri, URI root, List<String> columns, SerializableConfiguration settings) {
        Path path = new Path(URI.create(uri));
        try {
            FileStatus status = FileSystems.of(path, settings.value()).getFileStatus(path);
            long rows = 0;
            long widest = 0;
            try (ParquetFileReader file =
                    ParquetFileReader.open(HadoopInputFile.fromStatus(status, settings.value()))) {
                for (BlockMetaData group : file.getFooter().getBlocks()) {
                    rows += group.getRowCount();
                    for (ColumnChunkMetaData column : group.getColumns()) {
                        if (columns.contains(column.getPath().toArray()[0])) {
                            widest = Math.max(
                                    widest, column.getTotalUncompressedSize() / Math.max(1, group.getRowCount()));
                        }
                    }
                }
            }
            String name = root.relativize(path.toUri()).getPath();
            DataFile file =
                    new DataFile(asInMetadata(uri), name.isEmpty() ? path.getName() : name, status.getLen(), rows);
            return new Footer(file, widest);
        } catch (IOException e) {
            throw new DataException("Cannot read the footer of %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    /** Spark lists files without an authority as {@code file:///...}, and names them {@code file:/...} in a row's metadata. */
    private static String asInMetadata(String uri) {
        return uri.replaceFirst("^([^:/]+):///", "$1:/");
    }

    private static boolean hasNamedFiles(Path path, Configuration settings) throws IOException {
        FileSystem files = FileSystems.of(path, settings);
        FileStatus[] roots = files.globStatus(path);
        if (roots == null || roots.length == 0) {
            throw new FileNotFoundException(path.toString());
        }
        for (FileStatus root : roots) {
            if (!root.isDirectory()) {
                continue;
            }
            RemoteIterator<LocatedFileStatus> found = files.listFiles(root.getPath(), true);
            while (found.hasNext()) {
                if (found.next().getPath().getName().endsWith(".parquet")) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The folder that relative names start from: the path up to its first wildcard, with the scheme and authority that Spark adds. */
    private static URI root(Path path, Configuration settings) {
        try {
            Path fixed = path;
            while (fixed.toString().chars().anyMatch(c -> "*?[{".indexOf(c) >= 0)) {
                fixed = fixed.getParent();
            }
            return FileSystems.of(path, settings).makeQualified(fixed).toUri();
        } catch (IOException e) {
            throw new DataException("Cannot read pairs from %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    private static StructType stored(StructType schema) {
        StructField[] fields = schema.fields();
        StructType stored = new StructType();
        for (StructField field : fields) {
            DataType type = field.dataType() instanceof UserDefinedType<?> own ? own.sqlType() : field.dataType();
            stored = stored.add(field.name(), type, field.nullable());
        }
        return stored;
    }
}
