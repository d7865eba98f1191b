package siglip.job.data;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import siglip.job.formats.DataException;
import siglip.job.formats.PairTable;
import siglip.job.order.Keyed;

/**
 * Numbers the concepts of a data set: 0, 1, ... in the order of their bytes. Where captions are concepts and a row has several, those that
 * are the first of a row come before the others, and they alone may be left out of training. Only a 64-bit hash of each is kept, 12 bytes a concept, so that
 * captions by the ten million do.
 */
final class Concepts implements Serializable {
    private final long[] hashes; // sorted
    private final int[] ids; // of the concept with that hash
    private final int first; // how many may be left out
    private final int leftOutEvery;

    private Concepts(long[] hashes, int[] ids, int first, int leftOutEvery) {
        this.hashes = hashes;
        this.ids = ids;
        this.first = first;
        this.leftOutEvery = leftOutEvery;
    }

    /**
     * Numbers distinct concepts that come in order, as {@link PairTable#concepts} marks them.
     *
     * @param leftOutEvery concepts 0, n, 2n, ... are left out of training; 0 leaves none out
     */
    static Concepts of(Iterator<byte[]> sorted, int leftOutEvery) {
        long[] byId = new long[1024];
        int count = 0;
        int first = 0;
        long[] firsts = {};
        while (sorted.hasNext()) {
            if (count == byId.length) {
                byId = Arrays.copyOf(byId, Math.multiplyExact(count, 2));
            }
            byte[] concept = sorted.next();
            long hash = hash(concept, 1);
            if (concept[0] == PairTable.FIRST) {
                first++;
            } else {
                if (firsts.length < first) {
                    firsts = Arrays.copyOf(byId, first);
                    Arrays.sort(firsts);
                }
                if (Arrays.binarySearch(firsts, hash) >= 0) {
                    continue;
                }
            }
            byId[count++] = hash;
        }
        long[] hashes = Arrays.copyOf(byId, count);
        Arrays.sort(hashes);
        int[] ids = new int[count];
        for (int id = 0; id < count; id++) {
            ids[Arrays.binarySearch(hashes, byId[id])] = id;
        }
        for (int i = 1; i < count; i++) {
            if (hashes[i] == hashes[i - 1]) {
                throw new DataException(
                        "Cannot number %d concepts: two of them have the same hash of 64 bits".formatted(count));
            }
        }
        return new Concepts(hashes, ids, first, leftOutEvery);
    }

    int size() {
        return ids.length;
    }

    /** The number of a concept that is among those of the data set. */
    int idOf(byte[] concept) {
        int at = Arrays.binarySearch(hashes, hash(concept, 0));
        if (at < 0) {
            throw new DataException("Cannot find concept '%s': did the files change while they were read?"
                    .formatted(new String(concept, StandardCharsets.UTF_8)));
        }
        return ids[at];
    }

    /** Whether the concept is left out of training. */
    boolean isLeftOut(int id) {
        return leftOutEvery > 0 && id >= 0 && id < first && id % leftOutEvery == 0;
    }

    /** How many concepts are left out of training. */
    int leftOut() {
        return leftOutEvery > 0 ? (first + leftOutEvery - 1) / leftOutEvery : 0;
    }

    /** FNV-1a of 64 bits, mixed once more. */
    private static long hash(byte[] concept, int from) {
        long hash = 0xcbf29ce484222325L;
        for (int i = from; i < concept.length; i++) {
            hash = (hash ^ (concept[i] & 255)) * 0x100000001b3L;
        }
        return Keyed.mix(hash);
    }
}
