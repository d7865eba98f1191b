package siglip.job.formats;

import java.io.Serializable;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import siglip.job.features.FeatureNames;
import siglip.job.features.Pair;

/** How the text of a row becomes features or tokens, which completes the pair. */
public sealed interface TextColumn extends Serializable {
    /** What makes the features or tokens. */
    String name();

    /** Finds rows without a caption before anything else of them is read. */
    default void check(InternalRow row) throws InvalidRow {}

    /** The text for people; empty where there is none to show. */
    default String shown(InternalRow row) {
        return "";
    }

    /** The pair of these image features and the row's text. */
    Pair read(InternalRow row, float[] image) throws InvalidRow;

    /** Captions, and keywords where there is a column of them. */
    record Captions(CaptionReader captions) implements TextColumn {
        private static final float[] NO_FLOATS = new float[0];

        @Override
        public String name() {
            return captions.features().name();
        }

        @Override
        public void check(InternalRow row) throws InvalidRow {
            captions.check(caption(row));
        }

        @Override
        public Pair read(InternalRow row, float[] image) throws InvalidRow {
            int[] described = captions.read(caption(row));
            int[] more = captions.readKeywords(keywords(row));
            int[] tokens = Arrays.copyOf(described, described.length + more.length);
            System.arraycopy(more, 0, tokens, described.length, more.length);
            return new Pair(image, NO_FLOATS, tokens, described.length);
        }

        @Override
        public String shown(InternalRow row) {
            return new String(caption(row), StandardCharsets.UTF_8);
        }

        private static byte[] caption(InternalRow row) {
            return row.isNullAt(PairTable.TEXT)
                    ? new byte[0]
                    : row.getUTF8String(PairTable.TEXT).getBytes();
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

    /** Features as they are given. */
    record Given(GivenFeatures type) implements TextColumn {
        private static final int[] NO_TOKENS = new int[0];

        @Override
        public String name() {
            return FeatureNames.GIVEN;
        }

        @Override
        public Pair read(InternalRow row, float[] image) throws InvalidRow {
            if (row.isNullAt(PairTable.TEXT)) {
                throw new InvalidRow("no text features");
            }
            return new Pair(image, type.readValid(row, PairTable.TEXT, "text"), NO_TOKENS, 0);
        }
    }
}
