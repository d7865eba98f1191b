package siglip.job.formats;

import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * The rows of a data set, as its format gives them.
 *
 * @param table all rows, with the columns that the data have
 * @param file of a row of the table: {@link DataFile#uri}
 * @param row of a row of the table: its number within the file, from 0
 * @param files all files, sorted by name
 * @param unreadable columns that are not in the table since they cannot be read: by name, why and what would do, to follow "column 'x'"
 */
public record DataRows(
        Dataset<Row> table, Column file, Column row, List<DataFile> files, Map<String, String> unreadable) {
    public DataRows {
        files = List.copyOf(files);
        unreadable = Map.copyOf(unreadable);
    }

    /** Rows of which every column can be read. */
    public DataRows(Dataset<Row> table, Column file, Column row, List<DataFile> files) {
        this(table, file, row, files, Map.of());
    }
}
