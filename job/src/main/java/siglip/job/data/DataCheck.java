package siglip.job.data;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.SparkSession;
import org.roaringbitmap.RoaringBitmap;
import siglip.job.batches.Concepts;
import siglip.job.batches.KeptRows;
import siglip.job.batches.Shipped;
import siglip.job.config.DataSettings;
import siglip.job.config.DataSettings.Source;
import siglip.job.data.DataSummary.Skipped;
import siglip.job.data.ScanSummary.Fate;
import siglip.job.data.ScanSummary.Group;
import siglip.job.features.PairShape;
import siglip.job.formats.DataException;
import siglip.job.formats.DataFile;
import siglip.job.formats.PairTable;
import siglip.job.order.Keyed;

/** Opens a data set: numbers the concepts, reads every row once, decides which rows are kept, and says no where the data will not do. */
final class DataCheck {
    private static final int EXAMPLES = 3;

    private final JavaSparkContext spark;
    private final DataSettings settings;
    private final PairTable table;

    DataCheck(SparkSession session, DataSettings settings, int buckets) {
        this.spark = JavaSparkContext.fromSparkContext(session.sparkContext());
        this.settings = settings;
        this.table = PairTable.open(session, settings, buckets);
    }

    PairData open() {
        Concepts concepts = concepts();
        Broadcast<Shipped<Concepts>> shipped = spark.broadcast(new Shipped<>(Concepts.class, concepts));
        ScanSummary scan = ScanSummary.of(table.scan(), table.reader(), shipped);
        refuseUnlistedFiles(scan);
        refuseRowsOfBoth(scan);
        PairShape shape = shape(scan);
        List<Skipped> skipped = skipped(scan, shape);
        Map<Fate, KeptRows> kept = new EnumMap<>(Fate.class);
        for (Fate fate : List.of(Fate.TRAIN, Fate.SEEN, Fate.UNSEEN)) {
            kept.put(fate, keptRows(scan, fate, shape));
        }
        long leftOut = count(scan, Fate.LEFT_OUT);
        long training = kept.get(Fate.TRAIN).size();
        long seen = kept.get(Fate.SEEN).size();
        long unseen = kept.get(Fate.UNSEEN).size();
        long bad = skipped.stream().mapToLong(Skipped::rows).sum();
        long rows = training + seen + unseen + leftOut + bad;
        refuseTooManySkipped(skipped, bad, rows);
        if (training == 0) {
            throw nothingToTrainOn(rows);
        }
        long packedBytes = training * (Float.BYTES * (long) (shape.imageWidth() + shape.textWidth()) + 12)
                + Integer.BYTES * scan.trainTokens();
        DataSummary summary = new DataSummary(
                settings.path(),
                table.files().size(),
                rows,
                training,
                seen,
                unseen,
                leftOut,
                concepts.size(),
                concepts.leftOut(),
                skipped,
                shape,
                packedBytes,
                source(packedBytes),
                fingerprint(scan, shape));
        return new PairData(spark, settings, table, scan.scaling(), summary, kept, shipped);
    }

    private Concepts concepts() {
        if (!table.reader().concept()) {
            if (settings.leftOutEvery() > 0) {
                throw new DataException(
                        "Cannot leave concepts out (data.left-out-every = %d): texts are features and data.columns.concept is not set. Set data.left-out-every = 0, or name the concept column"
                                .formatted(settings.leftOutEvery()));
            }
            return Concepts.of(Collections.emptyIterator(), 0);
        }
        return Concepts.of(table.concepts().toLocalIterator(), settings.leftOutEvery());
    }

    private Source source(long packedBytes) {
        if (settings.source() != Source.AUTO) {
            return settings.source();
        }
        return packedBytes <= settings.replicatedLimitBytes() ? Source.REPLICATED : Source.SHUFFLED;
    }

    /** The widths that most training rows have; the smaller of two that are as frequent. */
    private PairShape shape(ScanSummary scan) {
        Map<List<Integer>, Long> widths = new TreeMap<>((a, b) -> a.get(0).equals(b.get(0))
                ? a.get(1).compareTo(b.get(1))
                : a.get(0).compareTo(b.get(0)));
        for (DataFile file : table.files()) {
            scan.rows(file.uri()).forEach((group, rows) -> {
                if (group.fate() == Fate.TRAIN) {
                    widths.merge(
                            List.of(group.imageWidth(), group.textWidth()), rows.getLongCardinality(), (a, b) -> a + b);
                }
            });
        }
        PairShape shape = new PairShape(0, 0);
        long most = 0;
        for (Map.Entry<List<Integer>, Long> width : widths.entrySet()) {
            if (width.getValue() > most) {
                most = width.getValue();
                shape = new PairShape(width.getKey().get(0), width.getKey().get(1));
            }
        }
        return shape;
    }

    private KeptRows keptRows(ScanSummary scan, Fate fate, PairShape shape) {
        List<RoaringBitmap> rows = new ArrayList<>();
        Group group = new Group(fate, shape.imageWidth(), shape.textWidth(), "");
        boolean any = false;
        for (DataFile file : table.files()) {
            RoaringBitmap kept = scan.rows(file.uri()).getOrDefault(group, new RoaringBitmap());
            any |= !kept.isEmpty();
            rows.add(kept);
        }
        if (!any || settings.columns().key().isEmpty()) {
            return KeptRows.inFileOrder(table.files(), rows);
        }
        String key = settings.columns().key().get();
        return KeptRows.inKeyOrder(table.files(), rows, key, table.keys(key).toLocalIterator());
    }

    private List<Skipped> skipped(ScanSummary scan, PairShape shape) {
        Map<String, List<String>> examples = new TreeMap<>();
        Map<String, Long> counts = new TreeMap<>();
        for (DataFile file : table.files()) {
            scan.rows(file.uri()).forEach((group, rows) -> {
                String reason = reason(group, shape);
                if (!reason.isEmpty()) {
                    counts.merge(reason, rows.getLongCardinality(), (a, b) -> a + b);
                    List<String> found = examples.computeIfAbsent(reason, name -> new ArrayList<>());
                    rows.stream().limit(EXAMPLES).forEach(row -> found.add("%s, row %d".formatted(file.name(), row)));
                }
            });
        }
        return counts.entrySet().stream()
                .map(count -> new Skipped(
                        count.getKey(),
                        count.getValue(),
                        examples.get(count.getKey()).stream().limit(EXAMPLES).toList()))
                .toList();
    }

    /** Why rows of a group are skipped; empty if they are not. */
    private static String reason(Group group, PairShape shape) {
        return switch (group.fate()) {
            case SKIPPED -> group.reason();
            case LEFT_OUT, BOTH -> "";
            case TRAIN, SEEN, UNSEEN -> group.imageWidth() != shape.imageWidth()
                    ? "image features of width %d, most have %d".formatted(group.imageWidth(), shape.imageWidth())
                    : group.textWidth() != shape.textWidth()
                            ? "text features of width %d, most have %d".formatted(group.textWidth(), shape.textWidth())
                            : "";
        };
    }

    private long count(ScanSummary scan, Fate fate) {
        return table.files().stream()
                .flatMap(file -> scan.rows(file.uri()).entrySet().stream())
                .filter(rows -> rows.getKey().fate() == fate)
                .mapToLong(rows -> rows.getValue().getLongCardinality())
                .sum();
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

    private void refuseRowsOfBoth(ScanSummary scan) {
        long both = count(scan, Fate.BOTH);
        for (DataFile file : table.files()) {
            RoaringBitmap rows = scan.rows(file.uri()).getOrDefault(Group.of(Fate.BOTH), new RoaringBitmap());
            if (!rows.isEmpty()) {
                throw new DataException(
                        "Cannot hold rows out: %d match both data.train and data.test, the first is %s, row %d. No row may be in both"
                                .formatted(both, file.name(), rows.first()));
            }
        }
    }

    private void refuseTooManySkipped(List<Skipped> skipped, long bad, long rows) {
        if (bad > settings.maxSkippedShare() * rows) {
            throw new DataException(
                    "Cannot use %s: %d of %d rows are invalid, more than data.max-skipped-share = %s. %s"
                            .formatted(
                                    settings.path(),
                                    bad,
                                    rows,
                                    settings.maxSkippedShare(),
                                    skipped.stream().map(Skipped::toString).collect(Collectors.joining("; "))));
        }
    }

    private DataException nothingToTrainOn(long rows) {
        return new DataException("Cannot train on %s: none of its %d rows is left%s%s"
                .formatted(
                        settings.path(),
                        table.files().stream().mapToLong(DataFile::rows).sum(),
                        settings.train().map(" by data.train = '%s'"::formatted).orElse(""),
                        rows > 0 ? ", with data.test and data.left-out-every taken off" : ""));
    }

    private String fingerprint(ScanSummary scan, PairShape shape) {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            update(digest, "%s %s %d".formatted(settings.columns(), shape, scan.checksum()));
            for (DataFile file : table.files()) {
                update(digest, "%s %d %d".formatted(file.name(), file.bytes(), file.rows()));
                for (Fate fate : List.of(Fate.TRAIN, Fate.SEEN, Fate.UNSEEN)) {
                    Group group = new Group(fate, shape.imageWidth(), shape.textWidth(), "");
                    RoaringBitmap rows = scan.rows(file.uri()).getOrDefault(group, new RoaringBitmap());
                    long hash = 0;
                    for (int row : rows) {
                        hash = Keyed.mix(hash ^ row);
                    }
                    update(digest, Long.toString(hash));
                }
            }
            return HexFormat.of().formatHex(digest.digest());
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void update(MessageDigest digest, String text) {
        digest.update((text + "\n").getBytes(StandardCharsets.UTF_8));
    }
}
