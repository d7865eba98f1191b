package siglip.job.data;

import java.io.Serializable;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.apache.spark.sql.Row;
import org.roaringbitmap.RoaringBitmap;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFile;
import siglip.job.order.EpochOrder;

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
        this(rows.toArray(RoaringBitmap[]::new), keyed);
        for (int i = 0; i < files.size(); i++) {
            this.files.put(files.get(i).uri(), i);
        }
    }

    private KeptRows(RoaringBitmap[] rows, boolean keyed) {
        this.rows = rows;
        firstIds = new long[rows.length + 1];
        byRank = new int[keyed ? rows.length : 0][];
        for (int i = 0; i < rows.length; i++) {
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
            if (next > 0 && Objects.deepEquals(row.get(2), last)) {
                throw new DataException("Cannot order rows by '%s' (data.columns.key): %s has the key %s of another row"
                        .formatted(
                                key,
                                where,
                                last instanceof byte[] bytes ? HexFormat.of().formatHex(bytes) : last));
            }
            last = row.get(2);
            kept.byRank[file][kept.rows[file].rank(index) - 1] = next++;
        }
        return kept;
    }

    /**
     * These rows, or, if there are more than {@code most}, a sample of so many: a function of the seed and of their ids alone. The rows of a sample
     * have ids without gaps too, in the same order.
     */
    KeptRows sample(int most, long seed) {
        if (size() <= most) {
            return this;
        }
        long[] chosen = sampled(size(), most, seed);
        RoaringBitmap[] some = new RoaringBitmap[rows.length];
        int[][] ids = new int[rows.length][];
        for (int file = 0; file < rows.length; file++) {
            some[file] = new RoaringBitmap();
            IntStream.Builder found = IntStream.builder();
            int rank = 0;
            for (int row : rows[file]) {
                int at = Arrays.binarySearch(chosen, idOf(file, rank++));
                if (at >= 0) {
                    some[file].add(row);
                    found.add(at);
                }
            }
            ids[file] = found.build().toArray();
        }
        KeptRows sample = new KeptRows(some, byRank.length > 0);
        sample.files.putAll(files);
        System.arraycopy(ids, 0, sample.byRank, 0, sample.byRank.length);
        return sample;
    }

    /** Ids of a sample of {@code most} out of {@code size} rows, ascending; of all where there are no more. */
    static long[] sampled(long size, int most, long seed) {
        EpochOrder order = EpochOrder.ofSample(seed, size);
        return LongStream.range(0, Math.min(most, size))
                .map(order::idAt)
                .sorted()
                .toArray();
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
        return idOf(index, (int) rows[index].rankLong((int) row) - 1);
    }

    private long idOf(int file, int rank) {
        return byRank.length == 0 ? firstIds[file] + rank : byRank[file][rank];
    }
}
