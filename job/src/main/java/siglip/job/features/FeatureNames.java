package siglip.job.features;

/**
 * What made the inputs of a model, by name: a model is of use only for inputs that were made the same way.
 *
 * @param image {@link PictureFeatures#name}, or {@link #GIVEN}
 * @param text {@link CaptionFeatures#name}, or {@link #GIVEN}
 */
public record FeatureNames(String image, String text) {
    /** Features that came with the data. */
    public static final String GIVEN = "given";
}
