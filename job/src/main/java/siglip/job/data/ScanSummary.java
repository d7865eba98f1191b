package siglip.job.data;

import java.io.Serializable;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.zip.CRC32C;
import org.apache.spark.api.java.JavaRDD;
import org.roaringbitmap.RoaringBitmap;
import siglip.job.batches.EncodedPair;
import siglip.job.config.DataSettings.Columns;
import siglip.job.data.ReadRow.Fate;
import siglip.job.features.PairScaling;
import siglip.job.features.PairShape;
import siglip.job.files.JavaSerialized;
import siglip.job.order.Keyed;

/** What one pass over all rows found: which rows of which file are what, and the sums that the scaling needs. Parts add up in any order. */
final class ScanSummary implements Serializable {
    private static final long serialVersionUID = 1L;

    /**
     * Rows that are alike.
     *
     * @param imageWidth floats of a kept row's image features
     * @param textWidth floats of a kept row's text features
     * @param reason why rows are skipped; empty for all others
     */
    record Group(Fate fate, int imageWidth, int textWidth, String reason) implements Serializable {}

    /** Rows by file, as Spark names it, and group. */
    private final Map<String, Map<Group, RoaringBitmap>> rows = new HashMap<>();

    private final ScalingSums sums;
    private final HeldOutConcepts concepts = new HeldOutConcepts();
    private long trainTexts;
    private long trainTokens;
    private long checksum;

    private ScanSummary(ScalingSums sums) {
        this.sums = sums;
    }

    /**
     * Sums up every row, on the executors.
     *
     * @param none sums of no rows for the scaling
     */
    static ScanSummary of(JavaRDD<ReadRow> rows, ScalingSums none) {
        if (rows.getNumPartitions() == 0) {
            return new ScanSummary(none);
        }
        byte[] whole = rows.mapPartitions(part -> {
                    ScanSummary summary = new ScanSummary(none.empty());
                    part.forEachRemaining(summary::add);
                    return List.of(JavaSerialized.bytes(summary)).iterator();
                })
                .treeReduce((left, right) -> {
                    ScanSummary sum = JavaSerialized.read(ScanSummary.class, left);
                    sum.add(JavaSerialized.read(ScanSummary.class, right));
                    return JavaSerialized.bytes(sum);
                });
        return JavaSerialized.read(ScanSummary.class, whole);
    }

    Map<Group, RoaringBitmap> rows(String file) {
        return rows.getOrDefault(file, Map.of());
    }

    Set<String> files() {
        return Set.copyOf(rows.keySet());
    }

    /** The scaling that training rows of this shape ask for. */
    PairScaling scaling(PairShape shape) {
        return sums.scaling(shape);
    }

    /** Texts of all training rows. */
    long trainTexts() {
        return trainTexts;
    }

    /** Which features of training rows no training can compute with as they are, in words, by side. */
    Map<String, String> tooLarge(Columns columns) {
        return sums.tooLarge(columns);
    }

    /** The concepts of the rows, where pairs have any. */
    HeldOutConcepts concepts() {
        return concepts;
    }

    /** Tokens of all training rows, keywords and all. */
    long trainTokens() {
        return trainTokens;
    }

    /** A sum over the features of all kept rows that changes when one of them does. */
    long checksum() {
        return checksum;
    }

    private void add(ReadRow row) {
        rows.computeIfAbsent(row.file, name -> new HashMap<>())
                .computeIfAbsent(
                        new Group(row.fate, row.imageWidth, row.textWidth, row.reason), name -> new RoaringBitmap())
                .add(row.row);
        if (row.pair.length == 0) {
            return;
        }
        CRC32C crc = new CRC32C();
        crc.update(row.pair);
        long place = Keyed.mix(row.file
                        .substring(Math.max(0, row.file.lastIndexOf('/')))
                        .hashCode())
                + row.row;
        checksum += Keyed.mix(crc.getValue() ^ Keyed.mix(place));
        EncodedPair pair = new EncodedPair(row.pair);
        if (row.fate == Fate.TRAIN) {
            PairShape shape = new PairShape(row.imageWidth, row.textWidth);
            sums.add(shape, pair);
            concepts.addTrained(shape, pair.conceptIds());
            trainTexts += pair.count();
            trainTokens += pair.tokenCount();
        } else {
            concepts.addHeldOut(row.file, row.row, pair.conceptIds());
        }
    }

    private void add(ScanSummary other) {
        other.rows.forEach(
                (file, groups) -> groups.forEach((group, bitmap) -> rows.computeIfAbsent(file, name -> new HashMap<>())
                        .merge(group, bitmap, (mine, theirs) -> RoaringBitmap.or(mine, theirs))));
        sums.add(other.sums);
        concepts.add(other.concepts);
        trainTexts += other.trainTexts;
        trainTokens += other.trainTokens;
        checksum += other.checksum;
    }
}
