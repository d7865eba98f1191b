package siglip.job.formats;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.expressions.SpecializedGetters;
import org.apache.spark.sql.catalyst.util.ArrayData;
import siglip.job.features.FeatureNames;
import siglip.job.features.Texts;

/** How the texts of a row become tokens or features. They come from one column or more, each of one text a row or of a list of them. */
public sealed interface TextColumn extends Serializable {
    /** What makes the features or tokens. */
    String name();

    /** Finds rows without a caption before anything else of them is read. */
    default void check(InternalRow row) throws InvalidRow {}

    /** Captions for people, also those that cannot be used; none where there are none to show. */
    default List<String> shown(InternalRow row) throws InvalidRow {
        return List.of();
    }

    /** The texts of a row that was checked, in the order of the columns and of the lists in them. Nulls are left out. */
    Texts read(InternalRow row) throws InvalidRow;

    /** Reads one text of a column, which lies at a place of a row or of a list. */
    interface Cell {
        void read(int column, SpecializedGetters from, int at) throws InvalidRow;
    }

    /** Goes through the texts of a row that are not null. */
    static void each(InternalRow row, List<Boolean> lists, Cell each) throws InvalidRow {
        InternalRow cells = row.getStruct(PairTable.TEXT, lists.size());
        for (int column = 0; column < lists.size(); column++) {
            if (cells.isNullAt(column)) {
                continue;
            }
            if (!lists.get(column)) {
                each.read(column, cells, column);
                continue;
            }
            ArrayData list = cells.getArray(column);
            for (int i = 0; i < list.numElements(); i++) {
                if (!list.isNullAt(i)) {
                    each.read(column, list, i);
                }
            }
        }
    }

    /**
     * Captions, and keywords where there is a column of them. A {@link PairTable} selects captions as bytes.
     *
     * @param lists for each column, whether it holds lists
     */
    record Captions(CaptionReader captions, List<Boolean> lists) implements TextColumn {
        @Override
        public String name() {
            return captions.features().name();
        }

        @Override
        public void check(InternalRow row) throws InvalidRow {
            captions.check(cells(row));
        }

        @Override
        public List<String> shown(InternalRow row) throws InvalidRow {
            return cells(row).stream()
                    .map(caption -> new String(caption, StandardCharsets.UTF_8))
                    .toList();
        }

        @Override
        public Texts read(InternalRow row) throws InvalidRow {
            return captions.read(cells(row), keywords(row));
        }

        private List<byte[]> cells(InternalRow row) throws InvalidRow {
            List<byte[]> found = new ArrayList<>();
            each(row, lists, (column, from, at) -> found.add(from.getBinary(at)));
            return found;
        }

        private static List<byte[]> keywords(InternalRow row) {
            List<byte[]> found = new ArrayList<>();
            if (!row.isNullAt(PairTable.KEYWORDS)) {
                ArrayData keywords = row.getArray(PairTable.KEYWORDS);
                for (int i = 0; i < keywords.numElements(); i++) {
                    if (!keywords.isNullAt(i)) {
                        found.add(keywords.getUTF8String(i).getBytes());
                    }
                }
            }
            return found;
        }
    }

    /**
     * Features as they are given.
     *
     * @param types for each column, that of one text
     * @param lists for each column, whether it holds lists
     */
    record Given(List<GivenFeatures> types, List<Boolean> lists) implements TextColumn {
        @Override
        public String name() {
            return FeatureNames.GIVEN;
        }

        @Override
        public Texts read(InternalRow row) throws InvalidRow {
            List<float[]> found = new ArrayList<>();
            each(row, lists, (column, from, at) -> found.add(types.get(column).readValid(from, at, "text")));
            if (found.isEmpty()) {
                throw new InvalidRow("no text features");
            }
            for (float[] text : found) {
                if (text.length != found.get(0).length) {
                    throw new InvalidRow("text features of different widths");
                }
            }
            return Texts.ofFeatures(found);
        }
    }
}
