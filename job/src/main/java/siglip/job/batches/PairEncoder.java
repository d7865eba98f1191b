package siglip.job.batches;

import java.io.Serializable;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.LongPredicate;
import org.apache.spark.broadcast.Broadcast;
import org.apache.spark.sql.catalyst.InternalRow;
import siglip.job.features.FeatureScaling;
import siglip.job.formats.DataException;
import siglip.job.formats.Pair;
import siglip.job.formats.PairReader;
import siglip.job.formats.PairTable;

/** Reads the rows of one set on an executor and encodes them, with ids, concept ids and scaled features. */
public final class PairEncoder implements Serializable {
    private final PairReader reader;
    private final Broadcast<Shipped<KeptRows>> kept;
    private final Broadcast<Shipped<Concepts>> concepts;
    private final FeatureScaling scaling;
    private final long firstConceptId;

    /** @param firstConceptId concept id of row 0 where pairs have no concept, and each row is a caption of its own */
    public PairEncoder(
            PairReader reader,
            Broadcast<Shipped<KeptRows>> kept,
            Broadcast<Shipped<Concepts>> concepts,
            FeatureScaling scaling,
            long firstConceptId) {
        this.reader = reader;
        this.kept = kept;
        this.concepts = concepts;
        this.scaling = scaling;
        this.firstConceptId = firstConceptId;
    }

    /** The id of a scanned row; -1 if it is not in the set. */
    long idOf(InternalRow row) {
        return kept.value().value().idOf(row.getUTF8String(PairTable.FILE).toString(), row.getLong(PairTable.ROW));
    }

    /** Reads and encodes a row of the set. */
    public EncodedPair encode(long id, InternalRow row) {
        int conceptId = reader.concept()
                ? concepts.value()
                        .value()
                        .idOf(row.getUTF8String(PairTable.CONCEPT).getBytes())
                : (int) (firstConceptId + id);
        if (reader.read(row) instanceof Pair pair) {
            scaling.apply(pair.image());
            return EncodedPair.of(id, conceptId, pair);
        }
        throw new DataException("Cannot read row %d of %s, which was valid before: did the file change?"
                .formatted(row.getLong(PairTable.ROW), row.getUTF8String(PairTable.FILE)));
    }

    /** Makes something of a row of the set; the row is used again afterwards. */
    public interface Use<T> {
        T of(long id, InternalRow row);
    }

    /** What {@code use} makes of the scanned rows that are in the set and wanted, one at a time. */
    public <T> Iterator<T> each(Iterator<InternalRow> rows, LongPredicate wanted, Use<T> use) {
        return new Iterator<>() {
            private Optional<T> next = Optional.empty();

            @Override
            public boolean hasNext() {
                while (next.isEmpty() && rows.hasNext()) {
                    InternalRow row = rows.next();
                    long id = idOf(row);
                    if (id >= 0 && wanted.test(id)) {
                        next = Optional.of(use.of(id, row));
                    }
                }
                return next.isPresent();
            }

            @Override
            public T next() {
                if (!hasNext()) {
                    throw new NoSuchElementException();
                }
                T found = next.get();
                next = Optional.empty();
                return found;
            }
        };
    }
}
