package siglip.job.formats;

import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * The rows of a data set, as its format gives them.
 *
 * @param table all rows, with the columns that were asked for at least
 * @param file of a row of the table: {@link DataFile#uri}
 * @param row of a row of the table: its number within the file, from 0
 * @param files all files, sorted by name
 * @param schema all columns that the data have and that can be read
 * @param unreadable the other columns: by name, why and what would do, to follow "column 'x'"
 * @param ignored files at the same path that are left out: by name, why
 */
public record DataRows(
        Dataset<Row> table,
        Column file,
        Column row,
        List<DataFile> files,
        StructType schema,
        Map<String, String> unreadable,
        Map<String, String> ignored) {
    public DataRows {
        files = List.copyOf(files);
        unreadable = Map.copyOf(unreadable);
        ignored = Map.copyOf(ignored);
    }

    /** Rows of which every column can be read, of files of which none is left out. */
    public DataRows(Dataset<Row> table, Column file, Column row, List<DataFile> files) {
        this(table, file, row, files, table.schema(), Map.of(), Map.of());
    }
}
