package siglip.job.features;

import java.util.List;

/**
 * The texts of one image, of which there is at least one: captions and their tokens, or features.
 *
 * @param captions UTF-8 of each caption, as it is stored; none when texts are features
 * @param tokens of each caption; none when texts are features
 * @param keywords tokens of the keywords, which go with each of the captions
 * @param features of each text, not scaled yet, all of one width; none when texts are captions
 */
public record Texts(List<byte[]> captions, List<int[]> tokens, int[] keywords, List<float[]> features) {
    private static final int[] NO_TOKENS = {};

    public Texts {
        captions = List.copyOf(captions);
        tokens = List.copyOf(tokens);
        features = List.copyOf(features);
    }

    public static Texts ofCaptions(List<byte[]> captions, List<int[]> tokens, int[] keywords) {
        return new Texts(captions, tokens, keywords, List.of());
    }

    public static Texts ofFeatures(List<float[]> features) {
        return new Texts(List.of(), List.of(), NO_TOKENS, features);
    }

    public int count() {
        return tokens.size() + features.size();
    }

    /** Floats of a text's features; 0 when texts are captions. */
    public int width() {
        return features.isEmpty() ? 0 : features.get(0).length;
    }
}
