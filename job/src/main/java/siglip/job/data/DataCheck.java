package siglip.job.data;

import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.storage.StorageLevel;
import org.roaringbitmap.RoaringBitmap;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.Source;
import siglip.job.data.DataSummary.Ignored;
import siglip.job.data.DataSummary.Skipped;
import siglip.job.data.PairData.HeldOut;
import siglip.job.data.ReadRow.Fate;
import siglip.job.features.GivenScaling;
import siglip.job.features.PairShape;
import siglip.job.files.JavaSerialized;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFile;
import siglip.job.formats.PairReader.Identity;
import siglip.job.formats.PairTable;

/** Opens a data set: numbers the concepts, scans all rows, decides which are kept, and rejects unusable data. */
final class DataCheck {
    private final JavaSparkContext spark;
    private final DataSettings settings;
    private final PairTable table;
    private final GivenScaling scaling;

    DataCheck(SparkSession session, DataSettings settings, int buckets, GivenScaling scaling) {
        this.spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        this.settings = settings;
        this.table = PairTable.open(session, settings, buckets);
        this.scaling = scaling;
    }

    PairData open() {
        Concepts concepts = concepts();
        Broadcast<JavaSerialized<Concepts>> shipped = spark.broadcast(new JavaSerialized<>(Concepts.class, concepts));
        RowReader reader = new RowReader(
                table.reader(),
                shipped,
                leftOutIsHeldOut(),
                settings.columns().classes().size());
        JavaRDD<ReadRow> rows = reader.read(table.scan());
        boolean computed = table.reader().image().isComputed();
        if (computed) {
            rows.persist(StorageLevel.DISK_ONLY()); // memory is for training, and each picture is decoded once
        }
        ScalingSums sums = new ScalingSums(table.reader().image(), settings.imageScaling(), settings.textScaling());
        ScanSummary scan = ScanSummary.of(rows, sums);
        refuseUnlistedFiles(scan);
        ScannedFiles found = new ScannedFiles(table.files(), scan);
        refuseRowsOfBoth(found);
        Map<HeldOut, List<RoaringBitmap>> heldOut = heldOut(found);
        DataSummary summary = summary(found, heldOut, concepts, scan);
        refuseTooManySkipped(summary);
        if (summary.training() == 0) {
            throw nothingToTrainOn(summary.rows());
        }
        if (!leftOutIsHeldOut() && summary.heldOut().isEmpty()) {
            throw nothingHeldOut(summary);
        }
        Map<HeldOut, KeptRows> heldOutRows = new EnumMap<>(HeldOut.class);
        summary.heldOut().keySet().forEach(set -> heldOutRows.put(set, keptRows(heldOut.get(set))));
        KeptSets kept = new KeptSets(keptRows(found.rows(Fate.TRAIN)), heldOutRows);
        // Where features are given, reading them again is cheap, and Spark leaves files of other rows alone.
        JavaRDD<ReadRow> test = computed || leftOutIsHeldOut() ? rows : reader.read(table.scanTest());
        return new PairData(spark, settings, table, reader, rows, test, summary, kept, shipped);
    }

    /** Whether no setting chooses rows to hold out, so that those of concepts that are left out of training are what is evaluated. */
    private boolean leftOutIsHeldOut() {
        return settings.test().isEmpty() && settings.testShare().isEmpty();
    }

    /** The held-out rows in each file, by whether training has their concepts. */
    private Map<HeldOut, List<RoaringBitmap>> heldOut(ScannedFiles found) {
        if (table.reader().identity() == Identity.ROW) {
            return Map.of(HeldOut.UNSORTED, found.rows(Fate.HELD_OUT));
        }
        return found.heldOut();
    }

    private static Map<HeldOut, Long> counts(Map<HeldOut, List<RoaringBitmap>> heldOut) {
        Map<HeldOut, Long> counts = new EnumMap<>(HeldOut.class);
        heldOut.forEach((set, files) -> counts.put(
                set, files.stream().mapToLong(RoaringBitmap::getLongCardinality).sum()));
        counts.values().removeIf(rows -> rows == 0);
        return counts;
    }

    private DataSummary summary(
            ScannedFiles found, Map<HeldOut, List<RoaringBitmap>> heldOut, Concepts concepts, ScanSummary scan) {
        PairShape shape = found.shape();
        long training = found.count(Fate.TRAIN);
        Map<HeldOut, Long> counts = counts(heldOut);
        long leftOut = found.count(Fate.LEFT_OUT);
        RowNames names = new RowNames(table);
        List<Skipped> skipped = found.skipped(names);
        long texts = scan.trainTexts();
        long packedBytes = training * (Float.BYTES * (long) shape.imageWidth())
                + texts * (Float.BYTES * (long) shape.textWidth() + 12)
                + Integer.BYTES * scan.trainTokens();
        return new DataSummary(
                settings.path(),
                table.form(),
                table.files().size(),
                Ignored.of(table.ignored()),
                training
                        + found.count(Fate.HELD_OUT)
                        + leftOut
                        + skipped.stream().mapToLong(Skipped::rows).sum(),
                training,
                counts,
                leftOut,
                concepts.size(),
                concepts.leftOut(),
                skipped,
                found.absent(names),
                shape,
                scaling.over(scan.scaling(shape)),
                scan.tooLarge(settings.columns()),
                packedBytes,
                source(packedBytes),
                found.fingerprint(settings.columns(), heldOut, scaling));
    }

    private Concepts concepts() {
        if (table.reader().identity() == Identity.ROW) {
            if (settings.leftOutEvery() > 0) {
                throw new DataException(
                        "Cannot leave concepts out (data.left-out-every = %d): texts are features and data.columns.concept is not set. Set data.left-out-every = 0, or name the concept column"
                                .formatted(settings.leftOutEvery()));
            }
            return Concepts.of(Collections.emptyIterator(), 0);
        }
        return Concepts.of(ConceptScan.sorted(table, ConceptScan.FEW_BYTES), settings.leftOutEvery());
    }

    private Source source(long packedBytes) {
        if (settings.source() != Source.AUTO) {
            return settings.source();
        }
        return packedBytes <= settings.replicatedLimitBytes() ? Source.REPLICATED : Source.SHUFFLED;
    }

    private KeptRows keptRows(List<RoaringBitmap> rows) {
        Optional<String> key = settings.columns().key();
        if (key.isEmpty() || rows.stream().allMatch(RoaringBitmap::isEmpty)) {
            return KeptRows.inFileOrder(table.files(), rows);
        }
        return KeptRows.inKeyOrder(table.files(), rows, key.get(), table.keys().toLocalIterator());
    }

    private void refuseUnlistedFiles(ScanSummary scan) {
        Set<String> unlisted = new TreeSet<>(scan.files());
        table.files().forEach(file -> unlisted.remove(file.uri()));
        if (!unlisted.isEmpty()) {
            throw new DataException(
                    "Cannot place rows of %s, which is not among the listed files such as %s: did files come or go while they were read?"
                            .formatted(
                                    unlisted.iterator().next(),
                                    table.files().get(0).uri()));
        }
    }

    private void refuseRowsOfBoth(ScannedFiles found) {
        List<RoaringBitmap> both = found.rows(Fate.BOTH);
        for (int file = 0; file < both.size(); file++) {
            if (!both.get(file).isEmpty()) {
                throw new DataException(
                        "Cannot hold rows out: %d match both data.train and data.test, the first is %s. No row may be in both"
                                .formatted(
                                        found.count(Fate.BOTH),
                                        new RowNames(table)
                                                .of(
                                                        table.files().get(file),
                                                        List.of(both.get(file).first()))
                                                .get(0)));
            }
        }
    }

    private void refuseTooManySkipped(DataSummary summary) {
        if (summary.skippedRows() > settings.maxSkippedShare() * summary.rows()) {
            throw new DataException(
                    "Cannot use %s: %d of %d rows are invalid, more than data.max-skipped-share = %s. %s"
                            .formatted(
                                    settings.path(),
                                    summary.skippedRows(),
                                    summary.rows(),
                                    settings.maxSkippedShare(),
                                    summary.skipped().stream()
                                            .map(Skipped::toString)
                                            .collect(Collectors.joining("; "))));
        }
    }

    private DataException nothingHeldOut(DataSummary summary) {
        return new DataException("Cannot hold out rows of %s: none of its %d valid rows is %s"
                .formatted(
                        settings.path(),
                        summary.training() + summary.leftOut(),
                        settings.test()
                                .map(("taken by data.test = '%s'. Correct it, or set data.test = null, and"
                                        + " data.test-share = 0.1 to hold out every tenth row")::formatted)
                                .orElseGet(() ->
                                        "drawn by data.test-share = %s. Set a larger share, or null to hold out nothing"
                                                .formatted(settings.testShare().getAsDouble()))));
    }

    private DataException nothingToTrainOn(long rows) {
        return new DataException("Cannot train on %s: none of its %d rows is left%s%s"
                .formatted(
                        settings.path(),
                        table.files().stream().mapToLong(DataFile::rows).sum(),
                        settings.train().map(" by data.train = '%s'"::formatted).orElse(""),
                        rows > 0 ? ", with held-out rows and data.left-out-every taken off" : ""));
    }
}
