package siglip.job.formats;

import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The rows of a data set, as its format gives them.
 *
 * @param form what was understood, in words for people
 * @param table all rows, with the columns that were asked for at least, and perhaps some whose names begin with {@link #OWN}
 * @param file of a row of the table: {@link DataFile#uri}
 * @param row of a row of the table: its number within the file, from 0
 * @param name of a row of the table: what people know it by; null where that is its file and number
 * @param fault of a row of the table: why it cannot be read, whatever its columns say; null where it can be
 * @param absent of a row of the table: why the data hold no pair there, by their own account; null where they do
 * @param files all files, sorted by name
 * @param schema all columns that the data have and that can be read
 * @param unreadable the other columns: by name, why and what would do, to follow "column 'x'"
 * @param ignored the other files at the same path, which are not read for rows: by name, why
 */
public record DataRows(
        String form,
        Dataset<Row> table,
        Column file,
        Column row,
        Optional<Column> name,
        Optional<Column> fault,
        Optional<Column> absent,
        List<DataFile> files,
        StructType schema,
        Map<String, String> unreadable,
        Map<String, String> ignored) {
    /** Begins the names of columns that no data have. */
    static final String OWN = "siglip.";

    public DataRows {
        files = List.copyOf(files);
        unreadable = Collections.unmodifiableMap(new TreeMap<>(unreadable)); // messages go through them in order
        ignored = Collections.unmodifiableMap(new TreeMap<>(ignored));
    }

    /** The columns of a table that the data have. */
    static StructType withoutOwn(StructType schema) {
        return new StructType(Arrays.stream(schema.fields())
                .filter(field -> !field.name().startsWith(OWN))
                .toArray(StructField[]::new));
    }
}
