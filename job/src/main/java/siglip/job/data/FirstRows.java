package siglip.job.data;

import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.spark.sql.catalyst.InternalRow;
import siglip.job.data.ReadRow.Fate;
import siglip.job.formats.DataFile;
import siglip.job.formats.InvalidRow;
import siglip.job.formats.PairTable;

/**
 * Looks at the first rows of a data set that was opened, as a person would.
 *
 * @param classes names of the class columns
 */
record FirstRows(PairTable table, RowReader reader, List<String> classes, KeptSets kept) {
    private static final int MOST_CHARACTERS = 60; // of a text that is shown

    /** The first of the first file and, if it has less, of those after it. */
    List<FirstRow> read(int most) {
        Map<String, DataFile> files = new LinkedHashMap<>();
        Set<Integer> rows = new LinkedHashSet<>();
        long left = most;
        for (DataFile file : table.files()) {
            for (int row = 0; row < Math.min(left, file.rows()); row++) {
                files.put(file.uri(), file);
                rows.add(row);
            }
            left -= Math.min(left, file.rows());
        }
        List<String> order = List.copyOf(files.keySet());
        return table.scan(files.keySet(), rows).map(InternalRow::copy).collect().stream()
                .sorted(Comparator.comparingInt((InternalRow row) -> order.indexOf(file(row)))
                        .thenComparing(row -> row.getLong(PairTable.ROW)))
                .limit(most)
                .map(row -> firstRow(files.get(file(row)), row))
                .toList();
    }

    private static String file(InternalRow row) {
        return row.getUTF8String(PairTable.FILE).toString();
    }

    private FirstRow firstRow(DataFile file, InternalRow row) {
        Map<String, String> values = new LinkedHashMap<>();
        for (int i = 0; i < classes.size(); i++) {
            int column = PairTable.CLASSES + i;
            values.put(classes.get(i), row.isNullAt(column) ? "" : shortened(row.getString(column)));
        }
        return new FirstRow(RowNames.of(row, file), use(row), image(row), captions(row), values);
    }

    private String use(InternalRow row) {
        boolean pair = row.isNullAt(PairTable.ABSENT) && row.isNullAt(PairTable.FAULT);
        if (pair && !row.getBoolean(PairTable.TRAIN) && !row.getBoolean(PairTable.TEST)) {
            return "not asked for"; // nor is its concept known
        }
        ReadRow read = reader.read(row);
        return switch (read.fate) {
            case ABSENT -> "no pair, " + read.reason;
            case SKIPPED -> "skipped, " + read.reason;
            case LEFT_OUT -> "left out with its concept";
            case BOTH -> "in both predicates"; // refused long before
            case TRAIN, HELD_OUT -> {
                if (!kept.contains(read)) {
                    yield "skipped, its features have another width than most";
                }
                yield read.fate == Fate.TRAIN ? "to train on" : "held out";
            }
        };
    }

    private String image(InternalRow row) {
        if (row.isNullAt(PairTable.IMAGE)) {
            return "no image";
        }
        try {
            return table.reader().image().shown(row);
        } catch (InvalidRow e) {
            return e.reason();
        }
    }

    private List<String> captions(InternalRow row) {
        try {
            return table.reader().text().shown(row).stream()
                    .map(FirstRows::shortened)
                    .filter(each -> !each.isEmpty())
                    .toList();
        } catch (InvalidRow e) {
            return List.of();
        }
    }

    private static String shortened(String text) {
        String line = text.strip().replaceAll("\\s+", " ");
        return line.codePointCount(0, line.length()) <= MOST_CHARACTERS
                ? line
                : line.substring(0, line.offsetByCodePoints(0, MOST_CHARACTERS)) + "...";
    }
}
