package siglip.job.data;

import java.io.Serializable;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import siglip.job.batches.EncodedPair;
import siglip.job.batches.PackedPairs;
import siglip.job.batches.Shipped;
import siglip.job.features.PairShape;
import siglip.job.formats.PairTable;

/** A held-out pair on its way to the driver. */
record HeldOutRow(EncodedPair pair, String concept, List<String> classes) implements Serializable {
    static HeldOutRow of(EncodedPair pair, InternalRow row, int classes) {
        List<String> values = new ArrayList<>(classes);
        for (int i = 0; i < classes; i++) {
            values.add(string(row, PairTable.CLASSES + i));
        }
        return new HeldOutRow(pair, string(row, PairTable.CONCEPT), List.copyOf(values));
    }

    /** Sorts rows by id and packs them. */
    static EvaluationRows collect(PairShape shape, List<String> classNames, List<byte[]> shipped) {
        List<HeldOutRow> rows = shipped.stream()
                .map(bytes -> Shipped.read(HeldOutRow.class, bytes))
                .sorted(Comparator.comparingLong(row -> row.pair().id()))
                .toList();
        Map<String, List<String>> classes = new LinkedHashMap<>();
        for (int i = 0; i < classNames.size(); i++) {
            int column = i;
            classes.put(
                    classNames.get(i),
                    rows.stream().map(row -> row.classes().get(column)).toList());
        }
        return new EvaluationRows(
                rows.stream().mapToLong(row -> row.pair().id()).toArray(),
                PackedPairs.of(shape, rows.stream().map(HeldOutRow::pair).toArray(EncodedPair[]::new)),
                rows.stream().map(HeldOutRow::concept).toList(),
                classes);
    }

    private static String string(InternalRow row, int column) {
        return row.isNullAt(column) ? "" : row.getUTF8String(column).toString();
    }
}
