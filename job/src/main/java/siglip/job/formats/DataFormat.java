package siglip.job.formats;

import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/** A form in which people keep pairs: a class for each, found by its name. What lies behind it sees rows, whatever they are stored as. */
public sealed interface DataFormat permits ParquetFormat {
    /** Every format, by its name. */
    Map<String, DataFormat> BY_NAME = Map.of(ParquetFormat.NAME, new ParquetFormat());

    /**
     * Finds what lies at a path. Ids and fingerprints are made of the files and row numbers, so these must depend on the data alone.
     *
     * @param path any Hadoop path
     * @param columns names of all columns that will be used, in whatever case; that they exist is checked by the caller
     * @throws DataException if there is nothing to read
     */
    DataRows open(SparkSession spark, String path, List<String> columns);
}
