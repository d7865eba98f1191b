package siglip.job.features;

import java.io.Serializable;
import java.util.Map;

/**
 * How a picture becomes floats: a class for each way, found by its name. The name stands for everything that decides the values, so
 * changed constants need a new name. Implementations have no state and are shared between threads.
 */
public sealed interface PictureFeatures extends Serializable permits GradientsAndColours {
    /** Every way, by its name. */
    Map<String, PictureFeatures> BY_NAME = Map.of(GradientsAndColours.NAME, new GradientsAndColours());

    String name();

    /** How many floats a picture becomes. */
    int width();

    /** Sums for the scaling of these features. */
    FeatureMoments moments();

    /** Pixels of a side of the square that a picture is brought to. */
    int px();

    /**
     * The features, {@link #width} floats.
     *
     * @param rgb {@link #px} x {@code px} pixels {@code 0xRRGGBB}, row by row
     */
    float[] of(int[] rgb);
}
