package siglip.job.formats;

import java.io.IOException;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import siglip.job.files.FoundFiles;
import siglip.job.files.FoundFiles.Found;
import siglip.job.files.SeparatedRecords;
import siglip.job.formats.FileRows.Chosen;

/**
 * CSV or TSV: the first record names the columns, all of which are strings.
 *
 * @param separator the usual one; each file may have another, which its first line shows
 */
record SeparatedFormat(String name, char separator) implements DataFormat {
    static List<String> suffixes(String name) {
        return List.of(name, name + ".gz", name + ".bz2");
    }

    @Override
    public DataRows read(SparkSession spark, Request request) {
        Configuration hadoop = spark.sparkContext().hadoopConfiguration();
        List<String> suffixes = suffixes(name);
        Chosen files =
                Chosen.of(FileRows.files(spark, request.path()), file -> suffixes.contains(file.suffix()), "*." + name);
        StructType all = columns(files.read(), separator, hadoop);
        StructType used = ColumnNames.only(all, request.columns());
        List<String> columns = List.of(used.fieldNames());
        return FileRows.counted(
                name,
                FileRows.table(
                        spark,
                        files.read().files().stream()
                                .map(file -> new File(file, separator, columns))
                                .toList(),
                        used),
                all,
                files);
    }

    /** All columns that the files name, each once. */
    static StructType columns(FoundFiles files, char separator, Configuration hadoop) {
        Set<String> columns = new LinkedHashSet<>();
        for (Found file : files.files()) {
            try (SeparatedRecords records = new SeparatedRecords(file.open(hadoop), separator)) {
                columns.addAll(header(file, records));
            } catch (IOException e) {
                throw new DataException("Cannot read %s: %s".formatted(file.uri(), e.getMessage()), e);
            }
        }
        return ColumnNames.ofStrings(columns);
    }

    /** The names of a file's columns. */
    static List<String> header(Found file, SeparatedRecords records) throws IOException {
        if (!records.hasNext()) {
            return List.of();
        }
        SeparatedRecords.Cells first = records.next();
        if (!first.fault().isEmpty()) {
            throw new DataException("Cannot read the first line of %s, which names the columns: %s"
                    .formatted(file.uri(), first.fault()));
        }
        Set<String> known = new LinkedHashSet<>();
        List<String> names = first.cells().stream().map(String::strip).toList();
        for (String name : names) {
            if (name.isBlank() || !known.add(name)) {
                throw new DataException(
                        "Cannot read %s: its first line must name the columns, each by another name, but the name of column %d is %s"
                                .formatted(
                                        file.uri(),
                                        known.size() + 1,
                                        name.isBlank() ? "empty" : "'%s' again".formatted(name)));
            }
        }
        return names;
    }

    /** The cells of a record at these places; null where there is none, or it is empty. */
    private static Object[] placed(List<String> cells, int[] places) {
        Object[] placed = new Object[places.length];
        for (int i = 0; i < places.length; i++) {
            String cell = places[i] < 0 ? "" : cells.get(places[i]);
            placed[i] = cell.isEmpty() ? null : cell;
        }
        return placed;
    }

    /** Why a record does not fit its header; empty if it does. */
    static String fault(List<String> header, SeparatedRecords.Cells record) {
        return !record.fault().isEmpty() || record.cells().size() == header.size()
                ? record.fault()
                : "line of %d cells, the first line of the file has %d"
                        .formatted(record.cells().size(), header.size());
    }

    /**
     * A file of such records.
     *
     * @param columns those that are read; the file may lack some
     */
    record File(Found file, char separator, List<String> columns) implements FileRows.Source {
        @Override
        public Iterator<Row> rows(Configuration hadoop) throws IOException {
            SeparatedRecords records = new SeparatedRecords(file.open(hadoop), separator);
            List<String> header = header(file, records);
            int[] places = columns.stream().mapToInt(header::indexOf).toArray();
            return new FileRows.Numbered(file.uri(), records) {
                @Override
                Row read(long row) throws IOException {
                    SeparatedRecords.Cells record = records.next();
                    String fault = fault(header, record);
                    return fault.isEmpty()
                            ? FileRows.valid(file.uri(), row, placed(record.cells(), places))
                            : FileRows.faulty(file.uri(), row, fault, columns.size());
                }

                @Override
                boolean more() throws IOException {
                    return records.hasNext();
                }
            };
        }

        @Override
        public String toString() {
            return file.uri();
        }
    }
}
