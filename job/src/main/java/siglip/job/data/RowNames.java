package siglip.job.data;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.catalyst.InternalRow;
import scala.Tuple2;
import siglip.job.formats.DataFile;
import siglip.job.formats.PairTable;

/** What people know rows by: a name of their own, such as that of a picture, or else their file and number. */
record RowNames(PairTable table) {
    /** Of some rows of a file, in their order. Where rows may have names of their own, this reads them again. */
    List<String> of(DataFile file, List<Integer> rows) {
        Map<Long, String> own = new HashMap<>();
        if (!rows.isEmpty() && table.hasNames()) {
            table.scan(List.of(file.uri()), rows)
                    .map(row -> new Tuple2<>(row.getLong(PairTable.ROW), of(row, file)))
                    .collect()
                    .forEach(named -> own.put(named._1, named._2));
        }
        return rows.stream()
                .map(row -> own.getOrDefault((long) row, of(file, row)))
                .toList();
    }

    /** Of a row that was read. */
    static String of(InternalRow row, DataFile file) {
        return row.isNullAt(PairTable.NAME)
                ? of(file, row.getLong(PairTable.ROW))
                : row.getUTF8String(PairTable.NAME).toString();
    }

    private static String of(DataFile file, long row) {
        return "%s, row %d".formatted(file.name(), row);
    }
}
