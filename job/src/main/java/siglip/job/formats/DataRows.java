package siglip.job.formats;

import java.util.List;
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
 */
public record DataRows(Dataset<Row> table, Column file, Column row, List<DataFile> files) {
    public DataRows {
        files = List.copyOf(files);
    }
}
