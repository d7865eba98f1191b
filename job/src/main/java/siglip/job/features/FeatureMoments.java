package siglip.job.features;

import java.io.Serializable;

/** What the scaling needs to know of the training rows. Sums are exact or in whole numbers: they come out the same in whatever order rows are added. */
public sealed interface FeatureMoments extends Serializable permits UnitMoments, ExactMoments {
    /** Adds a row. */
    void add(float[] features);

    /** Adds the rows of another sum of the same class and width, which must not be used afterwards. */
    void add(FeatureMoments other);

    /** The scaling that these rows ask for; that of no rows leaves features as they are. */
    FeatureScaling scaling();
}
