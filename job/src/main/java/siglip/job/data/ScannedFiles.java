package siglip.job.data;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;
import org.roaringbitmap.RoaringBitmap;
import siglip.job.config.DataSettings.Columns;
import siglip.job.data.DataSummary.Skipped;
import siglip.job.data.PairData.HeldOut;
import siglip.job.data.ReadRow.Fate;
import siglip.job.data.ScanSummary.Group;
import siglip.job.features.GivenScaling;
import siglip.job.features.PairShape;
import siglip.job.files.Sha256;
import siglip.job.formats.DataFile;
import siglip.job.order.Keyed;

/** What a scan found, file by file in their order: which rows are kept, which are skipped and why. */
final class ScannedFiles {
    /** Sets of rows that are kept. */
    static final List<Fate> KEPT = List.of(Fate.TRAIN, Fate.HELD_OUT);

    private final List<DataFile> files;
    private final ScanSummary scan;
    private final PairShape shape;

    ScannedFiles(List<DataFile> files, ScanSummary scan) {
        this.files = files;
        this.scan = scan;
        this.shape = commonShape();
    }

    /** The widths that most training rows have; the smaller of two that are as frequent. */
    PairShape shape() {
        return shape;
    }

    private PairShape commonShape() {
        Map<PairShape, Long> shapes =
                new TreeMap<>(Comparator.comparingInt(PairShape::imageWidth).thenComparingInt(PairShape::textWidth));
        each((file, group, rows) -> {
            if (group.fate() == Fate.TRAIN) {
                shapes.merge(
                        new PairShape(group.imageWidth(), group.textWidth()), rows.getLongCardinality(), Long::sum);
            }
        });
        long most = shapes.values().stream().mapToLong(Long::longValue).max().orElse(0);
        return shapes.keySet().stream()
                .filter(each -> shapes.get(each) == most)
                .findFirst()
                .orElse(new PairShape(0, 0));
    }

    /** Rows of a fate; of a set that is kept, those of the common shape. */
    long count(Fate fate) {
        return files.stream()
                .mapToLong(file -> rows(file, fate).getLongCardinality())
                .sum();
    }

    /** The rows of a fate in each file, as {@link #count} counts them. */
    List<RoaringBitmap> rows(Fate fate) {
        return files.stream().map(file -> rows(file, fate)).toList();
    }

    private RoaringBitmap rows(DataFile file, Fate fate) {
        Group group = KEPT.contains(fate)
                ? new Group(fate, shape.imageWidth(), shape.textWidth(), "")
                : new Group(fate, 0, 0, "");
        return scan.rows(file.uri()).getOrDefault(group, new RoaringBitmap());
    }

    /** The held-out rows in each file, those whose concept is in a training row apart from the others. */
    Map<HeldOut, List<RoaringBitmap>> heldOut() {
        IntPredicate seen = scan.concepts().trained(shape);
        List<RoaringBitmap> yes = files.stream()
                .map(file -> RoaringBitmap.and(
                        rows(file, Fate.HELD_OUT), scan.concepts().rows(file.uri(), seen)))
                .toList();
        List<RoaringBitmap> no = IntStream.range(0, files.size())
                .mapToObj(i -> RoaringBitmap.andNot(rows(files.get(i), Fate.HELD_OUT), yes.get(i)))
                .toList();
        return new EnumMap<>(Map.of(HeldOut.SEEN, yes, HeldOut.UNSEEN, no));
    }

    /** Invalid rows by reason, with examples. */
    List<Skipped> skipped(RowNames names) {
        return byReason(false, names);
    }

    /** Rows that hold no pair by the account of the data themselves, in the same way. */
    List<Skipped> absent(RowNames names) {
        return byReason(true, names);
    }

    private List<Skipped> byReason(boolean absent, RowNames names) {
        Map<String, Skipped> byReason = new TreeMap<>();
        each((file, group, rows) -> {
            String reason = reason(group);
            if (!reason.isEmpty() && absent == (group.fate() == Fate.ABSENT)) {
                Skipped before = byReason.getOrDefault(reason, new Skipped(reason, 0, List.of()));
                List<Integer> examples = rows.stream()
                        .limit(Skipped.EXAMPLES - before.examples().size())
                        .boxed()
                        .toList();
                byReason.put(reason, before.and(rows.getLongCardinality(), names.of(file, examples)));
            }
        });
        return List.copyOf(byReason.values());
    }

    /** Why rows of a group are skipped; empty if they are not. */
    private String reason(Group group) {
        if (!KEPT.contains(group.fate())) {
            return group.reason();
        }
        return group.imageWidth() != shape.imageWidth()
                ? "image features of width %d, most have %d".formatted(group.imageWidth(), shape.imageWidth())
                : group.textWidth() != shape.textWidth()
                        ? "text features of width %d, most have %d".formatted(group.textWidth(), shape.textWidth())
                        : "";
    }

    /**
     * SHA-256 over columns, files, rows that are kept, and their features: which computed them is seen by their values.
     *
     * @param heldOut rows in each file, by their set
     */
    String fingerprint(Columns columns, Map<HeldOut, List<RoaringBitmap>> heldOut, GivenScaling scaling) {
        MessageDigest digest = Sha256.digest();
        List<String> text = columns.text();
        String named =
                columns.toString().replace("text=" + text, "text=" + String.join(", ", text)); // as one column is named
        update(digest, "%s %s %d".formatted(named, shape, scan.checksum()));
        for (int i = 0; i < files.size(); i++) {
            DataFile file = files.get(i);
            update(digest, "%s %d %d".formatted(file.name(), file.bytes(), file.rows()));
            update(digest, hash(rows(file, Fate.TRAIN)));
            for (List<RoaringBitmap> set : heldOut.values()) {
                update(digest, hash(set.get(i)));
            }
        }
        if (!scaling.equals(GivenScaling.NONE)) {
            update(
                    digest,
                    "%d %d".formatted(scaling.image().hashCode(), scaling.text().hashCode()));
        }
        return Sha256.text(digest);
    }

    private static String hash(RoaringBitmap rows) {
        long hash = 0;
        for (int row : rows) {
            hash = Keyed.mix(hash ^ row);
        }
        return Long.toString(hash);
    }

    private static void update(MessageDigest digest, String text) {
        digest.update((text + "\n").getBytes(StandardCharsets.UTF_8));
    }

    private interface Visitor {
        void visit(DataFile file, Group group, RoaringBitmap rows);
    }

    private void each(Visitor visitor) {
        for (DataFile file : files) {
            scan.rows(file.uri()).forEach((group, rows) -> visitor.visit(file, group, rows));
        }
    }
}
