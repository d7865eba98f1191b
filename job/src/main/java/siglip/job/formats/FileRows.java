package siglip.job.formats;

import static org.apache.spark.sql.functions.coalesce;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.storage.StorageLevel;
import org.apache.spark.util.SerializableConfiguration;
import siglip.job.files.FoundFiles;
import siglip.job.files.JavaSerialized;

/**
 * Rows that are read one after another from the start of a file, by one task a file, and numbered on the way: the numbers depend on the file alone. They
 * hold texts and where pictures lie, never pictures.
 */
final class FileRows {
    private static final String FILE = DataRows.OWN + "file";
    private static final String ROW = DataRows.OWN + "row";
    private static final String FAULT = DataRows.OWN + "fault";
    private static final int MOST_TASKS = 10_000;

    /** Something that can be read on its own. */
    interface Source extends Serializable {
        /** Its rows, made by {@link #valid} and {@link #faulty}. */
        Iterator<Row> rows(Configuration hadoop) throws IOException;
    }

    /** Rows of a file, numbered from 0, which is closed after the last. */
    abstract static class Numbered implements Iterator<Row> {
        private final String file;
        private final Closeable opened;
        private long row;
        private boolean ended;

        Numbered(String file, Closeable opened) {
            this.file = file;
            this.opened = opened;
        }

        abstract boolean more() throws IOException;

        abstract Row read(long number) throws IOException;

        @Override
        public final boolean hasNext() {
            try {
                if (!ended && !more()) {
                    ended = true;
                    opened.close();
                }
                return !ended;
            } catch (IOException e) {
                throw failed(e);
            }
        }

        @Override
        public final Row next() {
            if (!hasNext()) {
                throw new NoSuchElementException();
            }
            try {
                return read(row++);
            } catch (IOException e) {
                throw failed(e);
            }
        }

        private DataException failed(IOException e) {
            return new DataException("Cannot read %s at row %d: %s".formatted(file, row, e.getMessage()), e);
        }
    }

    private FileRows() {}

    /** The files at a path. */
    static FoundFiles files(SparkSession spark, String path) {
        try {
            return FoundFiles.under(path, spark.sparkContext().hadoopConfiguration());
        } catch (FileNotFoundException e) {
            throw new DataException("Cannot read pairs from %s: %s".formatted(path, FoundFiles.nothingAt(path)));
        } catch (IOException | IllegalArgumentException e) { // the latter of a path that is none
            throw new DataException("Cannot read pairs from %s: %s".formatted(path, e.getMessage()), e);
        }
    }

    static Row valid(String file, long row, Object... cells) {
        Object[] all = new Object[3 + cells.length];
        all[0] = file;
        all[1] = row;
        System.arraycopy(cells, 0, all, 3, cells.length);
        return RowFactory.create(all);
    }

    /** A row that is skipped, whatever the settings ask for. */
    static Row faulty(String file, long row, String reason, int cells) {
        Object[] all = new Object[3 + cells];
        all[0] = file;
        all[1] = row;
        all[2] = reason;
        return RowFactory.create(all);
    }

    /** A table of strings. */
    static Dataset<Row> table(SparkSession spark, List<? extends Source> sources, List<String> columns) {
        StructType schema = new StructType();
        for (String column : columns) {
            schema = schema.add(column, DataTypes.StringType);
        }
        return table(spark, sources, schema);
    }

    /** A table with these columns, and those that number rows. Spark keeps it on disk once it is read. */
    static Dataset<Row> table(SparkSession spark, List<? extends Source> sources, StructType columns) {
        StructType schema = new StructType()
                .add(FILE, DataTypes.StringType)
                .add(ROW, DataTypes.LongType)
                .add(FAULT, DataTypes.StringType);
        for (StructField column : columns.fields()) {
            schema = schema.add(column);
        }
        SerializableConfiguration shipped =
                new SerializableConfiguration(spark.sparkContext().hadoopConfiguration());
        JavaRDD<Row> rows = JavaSparkContext.fromSparkContext(spark.sparkContext())
                .parallelize(
                        sources.stream().map(JavaSerialized::bytes).toList(),
                        Math.max(1, Math.min(sources.size(), MOST_TASKS)))
                .flatMap(bytes -> rows(JavaSerialized.read(Source.class, bytes), shipped.value()))
                .persist(StorageLevel.DISK_ONLY());
        return spark.createDataFrame(rows, schema);
    }

    private static Iterator<Row> rows(Source source, Configuration hadoop) {
        try {
            return source.rows(hadoop);
        } catch (IOException e) {
            throw new DataException("Cannot read %s: %s".formatted(source, e.getMessage()), e);
        }
    }

    /** Counts the rows of each file. */
    static DataRows counted(String form, Dataset<Row> table, List<DataFile> files) {
        Map<String, Long> counts = new HashMap<>();
        for (Row count : table.groupBy(ColumnNames.named(FILE)).count().collectAsList()) {
            counts.put(count.getString(0), count.getLong(1));
        }
        return new DataRows(
                form,
                table,
                ColumnNames.named(FILE),
                ColumnNames.named(ROW),
                Optional.of(ColumnNames.named(FAULT)),
                files.stream()
                        .map(file -> new DataFile(
                                file.uri(), file.name(), file.bytes(), counts.getOrDefault(file.uri(), 0L)))
                        .toList());
    }

    static DataRows counted(String form, Dataset<Row> table, FoundFiles files) {
        return counted(
                form,
                table,
                files.files().stream()
                        .map(file -> new DataFile(file.uri(), file.name(), file.bytes(), 0))
                        .toList());
    }

    /** The columns that number rows, for tables that are made of this one. */
    static List<Column> numbers() {
        return List.of(ColumnNames.named(FILE), ColumnNames.named(ROW), ColumnNames.named(FAULT));
    }

    /** The reasons why rows cannot be read, with more of them: null where a row is valid. */
    static Column withFault(Column other) {
        return coalesce(ColumnNames.named(FAULT), other).as(FAULT);
    }
}
