package siglip.job.data;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import org.apache.spark.sql.Row;
import org.roaringbitmap.RoaringBitmap;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFile;

/**
 * The ids of the rows of one set, 0 to size - 1: from the order of files and of rows in them, or from that of a key. Nothing that Spark decides,
 * such as splits or partitions, has a part in it.
 */
final class KeptRows implements Serializable {
    private final HashMap<String, Integer> files = new HashMap<>();
    private final RoaringBitmap[] rows; // by file
    private final long[] firstIds; // by file
    private final int[][] byRank; // by file, the id of its n-th kept row; no arrays where ids follow the order of rows

    private KeptRows(List<DataFile> files, List<RoaringBitmap> rows, boolean keyed) {
        this.rows = rows.toArray(RoaringBitmap[]::new);
        firstIds = new long[files.size() + 1];
        byRank = new int[keyed ? files.size() : 0][];
        for (int i = 0; i < files.size(); i++) {
            this.files.put(files.get(i).uri(), i);
            firstIds[i + 1] = firstIds[i] + this.rows[i].getLongCardinality();
            if (keyed) {
                byRank[i] = new int[this.rows[i].getCardinality()];
            }
        }
    }

    /** Ids by file and row. */
    static KeptRows inFileOrder(List<DataFile> files, List<RoaringBitmap> rows) {
        return new KeptRows(files, rows, false);
    }

    /**
     * Ids by key.
     *
     * @param sorted file, row and key in the order of the key; of more rows than are kept
     * @throws DataException if a kept row has no key, or two have the same
     */
    static KeptRows inKeyOrder(List<DataFile> files, List<RoaringBitmap> rows, String key, Iterator<Row> sorted) {
        KeptRows kept = new KeptRows(files, rows, true);
        if (kept.size() > Integer.MAX_VALUE) {
            throw new DataException("Cannot order %d rows by '%s': 2^31 is the most".formatted(kept.size(), key));
        }
        int next = 0;
        Object last = "";
        while (sorted.hasNext()) {
            Row row = sorted.next();
            int file = kept.files.get(row.getString(0));
            int index = (int) row.getLong(1);
            if (!kept.rows[file].contains(index)) {
                continue;
            }
            String where = "%s, row %d".formatted(files.get(file).name(), index);
            if (row.isNullAt(2)) {
                throw new DataException(
                        "Cannot order rows by '%s' (data.columns.key): %s has none".formatted(key, where));
            }
            if (next > 0 && row.get(2).equals(last)) {
                throw new DataException("Cannot order rows by '%s' (data.columns.key): %s has the key %s of another row"
                        .formatted(key, where, last));
            }
            last = row.get(2);
            kept.byRank[file][kept.rows[file].rank(index) - 1] = next++;
        }
        return kept;
    }

    long size() {
        return firstIds[firstIds.length - 1];
    }

    /** The id of a row; -1 if it is not in this set. */
    long idOf(String file, long row) {
        int index = files.get(file);
        if (!rows[index].contains((int) row)) {
            return -1;
        }
        long rank = rows[index].rankLong((int) row) - 1;
        return byRank.length == 0 ? firstIds[index] + rank : byRank[index][(int) rank];
    }
}
