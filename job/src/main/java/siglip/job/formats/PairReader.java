package siglip.job.formats;

import java.io.Serializable;
import org.apache.spark.sql.catalyst.InternalRow;
import siglip.job.features.Pair;

/**
 * Turns a row of a {@link PairTable} into features, or says why it cannot.
 *
 * @param identity what tells whether two pairs are of one concept
 */
public record PairReader(ImageColumn image, TextColumn text, Identity identity) implements Serializable {
    /** What tells whether two pairs are of one concept. */
    public enum Identity {
        /** A column of concepts. */
        CONCEPT,
        /** The captions themselves. */
        CAPTION,
        /** Nothing: each pair is a concept of its own. */
        ROW
    }

    /** Reads a row, which may be used again by its owner afterwards. */
    public Pair read(InternalRow row) throws InvalidRow {
        text.check(row); // before the concept, which is a caption where no column holds concepts
        if (identity != Identity.ROW && PairTable.hasNoConcept(row)) {
            throw new InvalidRow("no concept");
        }
        if (row.isNullAt(PairTable.IMAGE)) {
            throw new InvalidRow("no image");
        }
        return new Pair(image.read(row), text.read(row));
    }
}
