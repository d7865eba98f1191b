package siglip.job.data;

import java.util.List;

/**
 * A pair as it was before it became features, made small to be shown.
 *
 * @param picture JPEG; empty where the data hold features
 * @param captions none where the data hold features
 */
public record Original(byte[] picture, List<String> captions) {
    public Original {
        captions = List.copyOf(captions);
    }
}
