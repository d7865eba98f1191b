package siglip.job.evaluation;

import java.util.Arrays;
import siglip.job.batches.PackedPairs;
import siglip.job.features.TokenBags;

/** Chosen rows of several collections of pairs, one after the other: what is embedded in one go. */
final class RowFeatures {
    private final int width;
    private float[] images = new float[0];
    private float[] texts = new float[0];
    private final TokenBags bags = new TokenBags();

    /** @param width floats of an image */
    RowFeatures(int width) {
        this.width = width;
    }

    void addImages(PackedPairs pairs, int[] rows) {
        int at = images.length;
        images = Arrays.copyOf(images, Math.addExact(at, Math.multiplyExact(rows.length, width)));
        for (int i = 0; i < rows.length; i++) {
            pairs.image(rows[i], images, at + i * width);
        }
    }

    /** Texts by their numbers, without keywords. */
    void addTexts(PackedPairs pairs, int[] of) {
        int each = pairs.shape().textWidth();
        int at = texts.length;
        texts = Arrays.copyOf(texts, Math.addExact(at, Math.multiplyExact(of.length, each)));
        for (int i = 0; i < of.length; i++) {
            if (each == 0) {
                pairs.addTokens(of[i], false, bags);
            } else {
                pairs.text(of[i], texts, at + i * each);
            }
        }
    }

    float[] images() {
        return images;
    }

    /** Text features; none when texts are tokens. */
    float[] texts() {
        return texts;
    }

    /** Bags of tokens; none when texts are features. */
    TokenBags bags() {
        return bags;
    }
}
