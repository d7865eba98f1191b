package siglip.job.data;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.NavigableSet;
import java.util.TreeSet;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.catalyst.InternalRow;
import siglip.job.formats.PairTable;

/**
 * Finds the distinct concepts of a data set, in the order of their bytes. Where they are few, one pass over their column brings them to the driver.
 * Where they may be captions by the million, Spark sorts them on its executors, and the driver sees them one after another.
 */
final class ConceptScan {
    /** How much of them may come to the driver unsorted. */
    static final int FEW_BYTES = 32 << 20;

    private static final int OBJECT_BYTES = 64; // of a concept beside its own bytes: an array in a set

    private ConceptScan() {}

    /** @param fewBytes memory that they may take on the driver before Spark sorts them instead */
    static Iterator<byte[]> sorted(PairTable table, int fewBytes) {
        JavaRDD<InternalRow> rows = table.concepts();
        int each = fewBytes / Math.max(1, rows.getNumPartitions());
        NavigableSet<byte[]> all = set();
        for (byte[] concept :
                rows.mapPartitions(part -> distinct(part, each).iterator()).collect()) {
            if (concept.length == 0) {
                return table.sortedConcepts();
            }
            all.add(concept);
        }
        return all.iterator();
    }

    /** The concepts of a partition, or an empty one where they take more than {@code most} bytes. */
    private static List<byte[]> distinct(Iterator<InternalRow> rows, int most) {
        NavigableSet<byte[]> found = set();
        long bytes = 0;
        while (rows.hasNext()) {
            InternalRow row = rows.next();
            byte[] concept = row.getBinary(0);
            if (found.add(concept)) {
                bytes += concept.length + OBJECT_BYTES;
                if (bytes > most) {
                    return List.of(new byte[0]);
                }
            }
        }
        return new ArrayList<>(found);
    }

    private static NavigableSet<byte[]> set() {
        return new TreeSet<>(Arrays::compareUnsigned);
    }
}
