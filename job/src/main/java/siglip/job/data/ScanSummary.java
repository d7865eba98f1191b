package siglip.job.data;

import java.io.Serializable;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import org.roaringbitmap.RoaringBitmap;
import siglip.job.batches.Concepts;
import siglip.job.batches.EncodedPair;
import siglip.job.batches.Shipped;
import siglip.job.features.ExactMoments;
import siglip.job.features.FeatureScaling;
import siglip.job.features.ImageFeatures;
import siglip.job.formats.DataException;
import siglip.job.formats.FeatureType;
import siglip.job.formats.Pair;
import siglip.job.formats.PairReader;
import siglip.job.formats.PairReader.Invalid;
import siglip.job.formats.PairReader.Reading;
import siglip.job.formats.PairTable;
import siglip.job.order.Keyed;

/** What one pass over all rows found: which rows of which file are what, and the sums that the scaling needs. Parts add up in any order. */
final class ScanSummary implements Serializable {
    /** What a row is for. */
    enum Fate {
        TRAIN,
        /** Held out. */
        SEEN,
        /** Held out, and its concept is in no training row. */
        UNSEEN,
        /** Taken from the training rows since its concept is left out. */
        LEFT_OUT,
        /** Not valid. */
        SKIPPED,
        /** Claimed by both predicates. */
        BOTH
    }

    /**
     * Rows that are alike.
     *
     * @param imageWidth floats of a kept row's image features
     * @param textWidth floats of a kept row's text features
     * @param reason why rows are skipped; empty for all others
     */
    record Group(Fate fate, int imageWidth, int textWidth, String reason) implements Serializable {
        static Group of(Fate fate) {
            return new Group(fate, 0, 0, "");
        }
    }

    /** Rows by file, as Spark names it, and group. */
    private final Map<String, Map<Group, RoaringBitmap>> rows = new HashMap<>();

    private final ExactMoments moments;
    private long trainTokens;
    private long checksum;

    private ScanSummary(ExactMoments moments) {
        this.moments = moments;
    }

    /** Reads every row once, on the executors. */
    static ScanSummary of(JavaRDD<InternalRow> rows, PairReader reader, Broadcast<Shipped<Concepts>> concepts) {
        if (rows.getNumPartitions() == 0) {
            return empty(reader);
        }
        byte[] whole = rows.mapPartitions(part -> {
                    ScanSummary summary = empty(reader);
                    summary.readAll(part, reader, concepts.value().value());
                    return List.of(Shipped.bytes(summary)).iterator();
                })
                .treeReduce((left, right) -> {
                    ScanSummary sum = Shipped.read(ScanSummary.class, left);
                    sum.add(Shipped.read(ScanSummary.class, right));
                    return Shipped.bytes(sum);
                });
        return Shipped.read(ScanSummary.class, whole);
    }

    static ScanSummary empty(PairReader reader) {
        return new ScanSummary(new ExactMoments(reader.image() == FeatureType.RAW ? ImageFeatures.WIDTH : 0));
    }

    Map<Group, RoaringBitmap> rows(String file) {
        return rows.getOrDefault(file, Map.of());
    }

    Set<String> files() {
        return Set.copyOf(rows.keySet());
    }

    FeatureScaling scaling() {
        return moments.scaling();
    }

    /** Tokens of all training rows, keywords and all. */
    long trainTokens() {
        return trainTokens;
    }

    /** A sum over the features of all kept rows that changes when one of them does. */
    long checksum() {
        return checksum;
    }

    private void readAll(Iterator<InternalRow> part, PairReader reader, Concepts concepts) {
        while (part.hasNext()) {
            InternalRow row = part.next();
            String file = row.getUTF8String(PairTable.FILE).toString();
            long index = row.getLong(PairTable.ROW);
            if (index > Integer.MAX_VALUE) {
                throw new DataException("Cannot read %s: it has more than 2^31 rows; split it".formatted(file));
            }
            Group group = read(
                    row,
                    reader,
                    concepts,
                    Keyed.mix(file.substring(file.lastIndexOf('/')).hashCode()) + index);
            rows.computeIfAbsent(file, name -> new HashMap<>())
                    .computeIfAbsent(group, name -> new RoaringBitmap())
                    .add((int) index);
        }
    }

    private Group read(InternalRow row, PairReader reader, Concepts concepts, long place) {
        boolean train = row.getBoolean(PairTable.TRAIN);
        if (train && row.getBoolean(PairTable.TEST)) {
            return Group.of(Fate.BOTH);
        }
        int concept = -1;
        if (reader.concept() && !PairTable.isEmpty(row, PairTable.CONCEPT)) {
            concept = concepts.idOf(row.getUTF8String(PairTable.CONCEPT).getBytes());
        }
        boolean leftOut = concept >= 0 && concepts.isLeftOut(concept);
        if (train && leftOut) {
            return Group.of(Fate.LEFT_OUT);
        }
        Reading reading = reader.read(row);
        if (reading instanceof Invalid invalid) {
            return new Group(Fate.SKIPPED, 0, 0, invalid.reason());
        }
        Pair pair = (Pair) reading;
        CRC32C crc = new CRC32C();
        crc.update(EncodedPair.of(0, concept, pair).bytes());
        checksum += Keyed.mix(crc.getValue() ^ Keyed.mix(place));
        if (train) {
            moments.add(pair.image());
            trainTokens += pair.tokens().length;
        }
        Fate fate = train ? Fate.TRAIN : leftOut ? Fate.UNSEEN : Fate.SEEN;
        return new Group(fate, pair.image().length, pair.text().length, "");
    }

    private void add(ScanSummary other) {
        other.rows.forEach(
                (file, groups) -> groups.forEach((group, bitmap) -> rows.computeIfAbsent(file, name -> new HashMap<>())
                        .merge(group, bitmap, (mine, theirs) -> RoaringBitmap.or(mine, theirs))));
        moments.add(other.moments);
        trainTokens += other.trainTokens;
        checksum += other.checksum;
    }
}
