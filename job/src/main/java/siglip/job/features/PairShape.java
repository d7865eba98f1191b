package siglip.job.features;

import java.io.Serializable;

/**
 * What a pair looks like to a model.
 *
 * @param imageWidth floats of an image's features
 * @param textWidth floats of a text's features; 0 when texts are bags of tokens
 */
public record PairShape(int imageWidth, int textWidth) implements Serializable {
    /** Whether texts are bags of tokens. */
    public boolean textIsTokens() {
        return textWidth == 0;
    }
}
