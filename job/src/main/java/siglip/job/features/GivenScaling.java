package siglip.job.features;

import java.util.Optional;

/**
 * How features are scaled whatever the training rows say, since a tower has learned to take them so.
 *
 * @param image of images; empty: as the settings say
 * @param text of texts; empty likewise
 */
public record GivenScaling(Optional<FeatureScaling> image, Optional<FeatureScaling> text) {
    public static final GivenScaling NONE = new GivenScaling(Optional.empty(), Optional.empty());

    /** In the place of what the training rows ask for. */
    public PairScaling over(PairScaling measured) {
        return new PairScaling(image.orElse(measured.image()), text.orElse(measured.text()));
    }
}
