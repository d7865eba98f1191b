package siglip.job.formats;

import static org.apache.spark.sql.functions.coalesce;

import java.io.Closeable;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.stream.Stream;
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
import scala.collection.JavaConverters;
import siglip.job.files.FoundFiles;
import siglip.job.files.FoundFiles.Found;
import siglip.job.files.JavaSerialized;

/**
 * Rows that are read one after another from the start of a file, by one task a file, and numbered on the way: the numbers depend on the file alone. They
 * hold texts and where pictures lie, never pictures.
 */
final class FileRows {
    private static final String FILE = DataRows.OWN + "file";
    private static final String ROW = DataRows.OWN + "row";
    private static final String FAULT = DataRows.OWN + "fault";
    private static final String NAME = DataRows.OWN + "name";
    private static final int OWN_CELLS = 4;
    private static final int MOST_TASKS = 10_000;

    /** Something that can be read on its own. */
    interface Source extends Serializable {
        /** Its rows, made by {@link #valid}, {@link #faulty} and {@link #named}. */
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

    /**
     * What is read of the files at a path.
     *
     * @param read files of rows, in their order; at least one
     * @param ignored the others: by name, why
     */
    record Chosen(FoundFiles read, Map<String, String> ignored) {
        /**
         * Chooses files that are wanted, or the only one that there is.
         *
         * @param names how wanted files are called
         */
        static Chosen of(FoundFiles all, Predicate<Found> wanted, String names) {
            FoundFiles named = all.files().size() == 1 ? all : all.where(wanted);
            FoundFiles read = named.where(file -> file.bytes() > 0);
            if (read.isEmpty()) {
                throw new DataException("Cannot read pairs from %s: it holds %s, and none is %s%s"
                        .formatted(all.path(), all.counts(), names, named.isEmpty() ? "" : " with anything in it"));
            }
            return new Chosen(read, FileRows.ignored(all, read, "not named " + names));
        }
    }

    private FileRows() {}

    /**
     * Files that are not read for rows.
     *
     * @param why unless they are empty, or pictures
     */
    static Map<String, String> ignored(FoundFiles all, FoundFiles read, String why) {
        Map<String, String> ignored = new HashMap<>();
        for (Found file : all.files()) {
            boolean picture = FolderFormat.PICTURES.contains(file.suffix());
            ignored.put(
                    file.name(),
                    file.bytes() == 0 ? "empty" : picture ? "pictures, which are read where rows name them" : why);
        }
        read.files().forEach(file -> ignored.remove(file.name()));
        return ignored;
    }

    /** A session of our own with the settings of another, so that what the reading of pairs sets changes nothing of the caller's. */
    static SparkSession ownSession(SparkSession spark) {
        SparkSession session = spark.newSession();
        JavaConverters.mapAsJavaMap(spark.conf().getAll()).forEach((key, value) -> {
            if (session.conf().isModifiable(key)) {
                session.conf().set(key, value);
            }
        });
        return session;
    }

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
        return row(file, row, null, cells);
    }

    /** A row that is skipped, whatever the settings ask for. */
    static Row faulty(String file, long row, String reason, int cells) {
        return row(file, row, reason, new Object[cells]);
    }

    private static Row row(String file, long row, String fault, Object... cells) {
        Object[] all = new Object[OWN_CELLS + cells.length];
        all[0] = file;
        all[1] = row;
        all[2] = fault;
        System.arraycopy(cells, 0, all, OWN_CELLS, cells.length);
        return RowFactory.create(all);
    }

    /** The same row, which people know by a name. */
    static Row named(String name, Row row) {
        Object[] all = new Object[row.size()];
        Arrays.setAll(all, row::get);
        all[OWN_CELLS - 1] = name;
        return RowFactory.create(all);
    }

    /** A cell of strings, by its place among the row's own; empty if there is nothing in it. */
    static Optional<String> cell(Row row, int column) {
        return Optional.ofNullable(row.getString(OWN_CELLS + column));
    }

    /** A table with these columns, and those that number rows, in a session of its own. Spark keeps it on disk once it is read. */
    static Dataset<Row> table(SparkSession spark, List<? extends Source> sources, StructType columns) {
        StructType schema = new StructType()
                .add(FILE, DataTypes.StringType)
                .add(ROW, DataTypes.LongType)
                .add(FAULT, DataTypes.StringType)
                .add(NAME, DataTypes.StringType);
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
        SparkSession session = ownSession(spark);
        ColumnNames.tellApart(session, schema);
        return session.createDataFrame(rows, schema);
    }

    private static Iterator<Row> rows(Source source, Configuration hadoop) {
        try {
            return source.rows(hadoop);
        } catch (IOException e) {
            throw new DataException("Cannot read %s: %s".formatted(source, e.getMessage()), e);
        }
    }

    /**
     * Counts the rows of each file.
     *
     * @param columns all that the data have; the table may have fewer
     */
    static DataRows counted(
            String form, Dataset<Row> table, StructType columns, List<DataFile> files, Map<String, String> ignored) {
        Map<String, Long> counts = new HashMap<>();
        for (Row count : table.groupBy(ColumnNames.named(FILE)).count().collectAsList()) {
            counts.put(count.getString(0), count.getLong(1));
        }
        return new DataRows(
                form,
                table,
                ColumnNames.named(FILE),
                ColumnNames.named(ROW),
                Optional.empty(),
                Optional.of(ColumnNames.named(FAULT)),
                Optional.empty(),
                files.stream()
                        .map(file -> new DataFile(
                                file.uri(), file.name(), file.bytes(), counts.getOrDefault(file.uri(), 0L)))
                        .toList(),
                DataRows.withoutOwn(columns),
                Map.of(),
                ignored);
    }

    static DataRows counted(String form, Dataset<Row> table, StructType columns, Chosen files) {
        return counted(
                form,
                table,
                columns,
                files.read().files().stream()
                        .map(file -> new DataFile(file.uri(), file.name(), file.bytes(), 0))
                        .toList(),
                files.ignored());
    }

    /** The same rows, of which some were made by {@link #named}. */
    static DataRows withNames(DataRows rows) {
        return new DataRows(
                rows.form(),
                rows.table(),
                rows.file(),
                rows.row(),
                Optional.of(ColumnNames.named(NAME)),
                rows.fault(),
                rows.absent(),
                rows.files(),
                rows.schema(),
                rows.unreadable(),
                rows.ignored());
    }

    /** The columns that number rows, for tables that are made of this one. */
    static List<Column> numbers() {
        return Stream.of(FILE, ROW, NAME, FAULT).map(ColumnNames::named).toList();
    }

    /** The reasons why rows cannot be read, with more of them: null where a row is valid. */
    static Column withFault(Column other) {
        return coalesce(ColumnNames.named(FAULT), other).as(FAULT);
    }
}
