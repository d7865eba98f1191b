package siglip.job.data.prepare;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import siglip.job.files.FileSystems;
import siglip.job.formats.DataException;

/** Writes a small data set as one Parquet file with a name of its own. */
final class SingleFile {
    private SingleFile() {}

    /** Writes rows in the order they have, over a file that may be there. */
    static void write(Dataset<Row> rows, String file) {
        Configuration settings = rows.sparkSession().sparkContext().hadoopConfiguration();
        Path target = new Path(file);
        Path draft = new Path(target.getParent(), "_" + target.getName() + ".draft");
        try {
            FileSystem files = FileSystems.of(target, settings);
            rows.coalesce(1).write().mode("overwrite").parquet(draft.toString());
            FileStatus[] parts = files.globStatus(new Path(draft, "part-*.parquet"));
            if (parts.length != 1) {
                throw new DataException(
                        "Cannot write %s: %d part files came out of one partition".formatted(file, parts.length));
            }
            files.delete(target, false);
            if (!files.rename(parts[0].getPath(), target)) {
                throw new DataException("Cannot rename %s to %s".formatted(parts[0].getPath(), target));
            }
            files.delete(draft, true);
        } catch (IOException e) {
            throw new DataException("Cannot write %s: %s".formatted(file, e.getMessage()), e);
        }
    }
}
