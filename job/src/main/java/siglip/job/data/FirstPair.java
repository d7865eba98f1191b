package siglip.job.data;

import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.InternalRow;
import siglip.job.config.DataSettings;
import siglip.job.features.Pair;
import siglip.job.features.PairShape;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFailure;
import siglip.job.formats.InvalidRow;
import siglip.job.formats.PairReader;
import siglip.job.formats.PairTable;

/** What the pairs of a data set look like, going by its schema and the first row that can be used: no scan of all rows. */
public final class FirstPair {
    private FirstPair() {}

    /**
     * @param buckets of the text tokens, a power of two; unused when texts are features
     * @throws DataException if columns are missing or do not fit, or no row can be used
     */
    public static PairShape shape(SparkSession spark, DataSettings settings, int buckets) {
        return DataFailure.named(settings.path(), () -> {
            PairTable table = PairTable.open(spark, settings, buckets);
            PairReader reader = table.reader();
            List<int[]> first = table.scan().flatMap(row -> widths(reader, row)).take(1);
            if (first.isEmpty()) {
                throw new DataException(
                        "Cannot find out what a pair of %s looks like: no row can be used".formatted(settings.path()));
            }
            return new PairShape(first.get(0)[0], first.get(0)[1]);
        });
    }

    private static Iterator<int[]> widths(PairReader reader, InternalRow row) {
        try {
            Pair pair = reader.read(row);
            return List.of(new int[] {pair.image().length, pair.texts().width()})
                    .iterator();
        } catch (InvalidRow e) {
            return Collections.emptyIterator();
        }
    }
}
