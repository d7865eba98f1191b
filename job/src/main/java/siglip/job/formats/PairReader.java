package siglip.job.formats;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import siglip.job.features.Pair;

/**
 * Turns a row of a {@link PairTable} into features, or says why it cannot.
 *
 * @param concept whether pairs have a concept
 */
public record PairReader(ImageColumn image, TextColumn text, boolean concept) implements Serializable {
    /** Reads a row, which may be used again by its owner afterwards. */
    public Pair read(InternalRow row) throws InvalidRow {
        text.check(row); // before the concept, which is the caption itself where no column holds concepts
        if (concept && PairTable.hasNoConcept(row)) {
            throw new InvalidRow("no concept");
        }
        if (row.isNullAt(PairTable.IMAGE)) {
            throw new InvalidRow("no image");
        }
        return text.read(row, image.read(row));
    }
}
