package siglip.job.formats;

import java.io.FileNotFoundException;
import java.io.IOException;
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
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.AnalysisException;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.UserDefinedType;
import org.apache.spark.util.SerializableConfiguration;
import siglip.job.files.FileSystems;

/** Finds the Parquet files of a data set and reads their footers. */
public final class DataFiles {
    /** Footers of more files than this are read on the executors. */
    private static final int FEW = 8;

    private DataFiles() {}

    /**
     * The files as a table. In a folder that holds files named {@code *.parquet}, others are left alone. Types of a user's own, such as Spark's
     * vectors, are read as what they are stored as.
     *
     * @throws DataException if there is nothing to read
     */
    public static Dataset<Row> read(SparkSession session, String path) {
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
                throw new DataException(
                        "Cannot read pairs from %s: %s"
                                .formatted(
                                        path, e.getMessage().lines().findFirst().orElse("")),
                        e);
            }
            throw new DataException("Cannot read pairs from %s: is it Parquet? %s".formatted(path, e.getMessage()), e);
        }
    }

    /** What is known of the files without reading their pages, sorted by relative name. */
    public static List<DataFile> list(SparkSession session, String path, Dataset<Row> rows, String imageColumn) {
        Configuration settings = session.sparkContext().hadoopConfiguration();
        URI root = root(new Path(path), settings);
        List<String> uris = Arrays.asList(rows.inputFiles());
        SerializableConfiguration shipped = new SerializableConfiguration(settings);
        List<DataFile> files = uris.size() <= FEW
                ? uris.stream()
                        .map(uri -> footer(uri, root, imageColumn, shipped))
                        .toList()
                : JavaSparkContext.fromSparkContext(session.sparkContext())
                        .parallelize(uris, Math.min(uris.size(), 1000))
                        .map(uri -> footer(uri, root, imageColumn, shipped))
                        .collect();
        return files.stream().sorted(Comparator.comparing(DataFile::name)).toList();
    }

    private static DataFile footer(String uri, URI root, String imageColumn, SerializableConfiguration settings) {
        Path path = new Path(URI.create(uri));
        try {
            FileStatus status = FileSystems.of(path, settings.value()).getFileStatus(path);
            long rows = 0;
            long widest = 0;
            try (ParquetFileReader file =
                    ParquetFileReader.open(HadoopInputFile.fromStatus(status, settings.value()))) {
                for (BlockMetaData group : file.getFooter().getBlocks()) {
                    rows += group.getRowCount();
                    long bytes = group.getColumns().stream()
                            .filter(column -> column.getPath().toArray()[0].equals(imageColumn))
                            .mapToLong(column -> column.getTotalUncompressedSize())
                            .sum();
                    widest = Math.max(widest, bytes / Math.max(1, group.getRowCount()));
                }
            }
            String name = root.relativize(path.toUri()).getPath();
            return new DataFile(
                    asInMetadata(uri), name.isEmpty() ? path.getName() : name, status.getLen(), rows, widest);
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
