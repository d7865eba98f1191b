package siglip.job.formats;

import java.io.Serializable;
import java.util.Optional;
import java.util.StringJoiner;
import org.apache.spark.sql.catalyst.InternalRow;
import org.apache.spark.sql.catalyst.util.ArrayData;
import siglip.job.features.ImageFeatures;
import siglip.job.features.TextTokens;
import siglip.job.pictures.ImagePixels;

/**
 * Turns a row of a {@link PairTable} into features, or says why it cannot.
 *
 * @param image how the image column is stored
 * @param text how the text column is stored
 * @param buckets of the text tokens, a power of two
 * @param keywords whether there is a column of keywords
 * @param concept whether pairs have a concept
 */
public record PairReader(FeatureType image, FeatureType text, int buckets, boolean keywords, boolean concept)
        implements Serializable {
    private static final float[] NO_FLOATS = new float[0];
    private static final int[] NO_TOKENS = new int[0];

    /** What came of reading a row: a {@link Pair}, or the reason why it is skipped. */
    public sealed interface Reading permits Pair, Invalid {}

    /** Why a row is skipped. The reason names no value, so that equal reasons can be counted. */
    public record Invalid(String reason) implements Reading {}

    /** Reads a row, which may be used again by its owner afterwards. */
    public Reading read(InternalRow row) {
        // Before the concept, which is the caption itself where no column holds concepts.
        if (text == FeatureType.RAW && caption(row).isBlank()) {
            return new Invalid("empty caption");
        }
        if (concept && PairTable.isEmpty(row, PairTable.CONCEPT)) {
            return new Invalid("no concept");
        }
        if (row.isNullAt(PairTable.IMAGE)) {
            return new Invalid("no image");
        }
        float[] features;
        if (image == FeatureType.RAW) {
            Optional<int[]> pixels = ImagePixels.decode(row.getBinary(PairTable.IMAGE), ImageFeatures.PX);
            if (pixels.isEmpty()) {
                return new Invalid("undecodable image");
            }
            features = ImageFeatures.of(pixels.get());
        } else {
            features = image.read(row, PairTable.IMAGE);
            Optional<Invalid> fault = fault("image", features);
            if (fault.isPresent()) {
                return fault.get();
            }
        }
        return text == FeatureType.RAW ? readCaption(row, features) : readTextFeatures(row, features);
    }

    private Reading readCaption(InternalRow row, float[] imageFeatures) {
        int[] described = TextTokens.of(caption(row), buckets);
        if (described.length == 0) {
            return new Invalid("caption without a word");
        }
        int[] more = keywords && !row.isNullAt(PairTable.KEYWORDS)
                ? TextTokens.of(join(row.getArray(PairTable.KEYWORDS)), buckets)
                : NO_TOKENS;
        int[] tokens = java.util.Arrays.copyOf(described, described.length + more.length);
        System.arraycopy(more, 0, tokens, described.length, more.length);
        return new Pair(imageFeatures, NO_FLOATS, tokens, described.length);
    }

    private static String caption(InternalRow row) {
        return row.isNullAt(PairTable.TEXT)
                ? ""
                : row.getUTF8String(PairTable.TEXT).toString();
    }

    private Reading readTextFeatures(InternalRow row, float[] imageFeatures) {
        if (row.isNullAt(PairTable.TEXT)) {
            return new Invalid("no text features");
        }
        float[] features = text.read(row, PairTable.TEXT);
        Optional<Invalid> fault = fault("text", features);
        return fault.isPresent() ? fault.get() : new Pair(imageFeatures, features, NO_TOKENS, 0);
    }

    private static Optional<Invalid> fault(String what, float[] features) {
        if (features.length == 0) {
            return Optional.of(new Invalid(what + " features are empty or cut off"));
        }
        boolean zero = true;
        for (float value : features) {
            if (!Float.isFinite(value)) {
                return Optional.of(new Invalid(what + " features hold a null, NaN or infinity"));
            }
            zero &= value == 0;
        }
        return zero ? Optional.of(new Invalid(what + " features are all zero")) : Optional.empty();
    }

    private static String join(ArrayData keywords) {
        StringJoiner joined = new StringJoiner(", ");
        for (int i = 0; i < keywords.numElements(); i++) {
            if (!keywords.isNullAt(i)) {
                joined.add(keywords.getUTF8String(i).toString());
            }
        }
        return joined.toString();
    }
}
