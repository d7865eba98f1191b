package siglip.job.data;

import java.io.Serializable;
import java.util.Arrays;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import siglip.job.batches.EncodedPair;
import siglip.job.data.ReadRow.Fate;
import siglip.job.features.Pair;
import siglip.job.features.Texts;
import siglip.job.files.JavaSerialized;
import siglip.job.formats.DataException;
import siglip.job.formats.InvalidRow;
import siglip.job.formats.PairReader;
import siglip.job.formats.PairReader.Identity;
import siglip.job.formats.PairTable;

/**
 * Reads rows on the executors: what each is for, and its pair.
 *
 * @param leftOutIsHeldOut whether rows are held out since their concept is left out; otherwise they are of no use
 * @param classes number of class columns
 */
record RowReader(PairReader reader, Broadcast<JavaSerialized<Concepts>> concepts, boolean leftOutIsHeldOut, int classes)
        implements Serializable {
    /** Reads rows when they are asked for; nothing is kept. */
    JavaRDD<ReadRow> read(JavaRDD<InternalRow> rows) {
        return rows.map(this::read);
    }

    ReadRow read(InternalRow row) {
        String file = row.getUTF8String(PairTable.FILE).toString();
        long index = row.getLong(PairTable.ROW);
        if (index > Integer.MAX_VALUE) {
            throw new DataException("Cannot read %s: it has more than 2^31 rows; split it".formatted(file));
        }
        if (!row.isNullAt(PairTable.ABSENT)) {
            return without(
                    file,
                    (int) index,
                    Fate.ABSENT,
                    row.getUTF8String(PairTable.ABSENT).toString());
        }
        if (!row.isNullAt(PairTable.FAULT)) {
            return without(
                    file,
                    (int) index,
                    Fate.SKIPPED,
                    row.getUTF8String(PairTable.FAULT).toString());
        }
        int concept = -1;
        boolean leftOut = false;
        if (reader.identity() != Identity.ROW && !PairTable.hasNoConcept(row)) {
            Concepts known = concepts.value().value();
            concept = known.idOf(row.getBinary(PairTable.CONCEPT));
            leftOut = known.isLeftOut(concept);
        }
        boolean train = row.getBoolean(PairTable.TRAIN);
        if (train && row.getBoolean(PairTable.TEST)) {
            return without(file, (int) index, Fate.BOTH, "");
        }
        if (train && leftOut && !leftOutIsHeldOut) {
            return without(file, (int) index, Fate.LEFT_OUT, "");
        }
        Fate fate = train && !leftOut ? Fate.TRAIN : Fate.HELD_OUT;
        try {
            Pair pair = reader.read(row);
            return new ReadRow(
                    file,
                    (int) index,
                    fate,
                    "",
                    pair.image().length,
                    pair.texts().width(),
                    EncodedPair.of(conceptIds(pair.texts(), concept), pair).bytes(),
                    fate == Fate.TRAIN ? new String[0] : classes(row));
        } catch (InvalidRow e) {
            return without(file, (int) index, Fate.SKIPPED, e.reason());
        }
    }

    /** Of each text: that of the row, unless captions are concepts. */
    private int[] conceptIds(Texts texts, int concept) {
        int[] ids = new int[texts.count()];
        Arrays.fill(ids, concept);
        if (reader.identity() == Identity.CAPTION) {
            for (int i = 0; i < ids.length; i++) {
                ids[i] = concepts.value().value().idOf(texts.captions().get(i));
            }
        }
        return ids;
    }

    private static ReadRow without(String file, int row, Fate fate, String reason) {
        return new ReadRow(file, row, fate, reason, 0, 0, new byte[0]);
    }

    private String[] classes(InternalRow row) {
        String[] values = new String[classes];
        for (int i = 0; i < classes; i++) {
            int column = PairTable.CLASSES + i;
            values[i] = row.isNullAt(column) ? "" : row.getUTF8String(column).toString();
        }
        return values;
    }
}
