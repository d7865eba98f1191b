package siglip.job.features;

import java.io.Serializable;
import java.util.Locale;

/** The least and the greatest feature of many rows. */
public final class FeatureRange implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The gradient of a weight grows with the features, and the optimizer squares it: float32 ends at 3.4e38. */
    private static final double LARGE = 1e16;

    private float least = Float.POSITIVE_INFINITY;
    private float greatest = Float.NEGATIVE_INFINITY;

    public void add(float[] features) {
        for (float feature : features) {
            least = Math.min(least, feature);
            greatest = Math.max(greatest, feature);
        }
    }

    public void add(FeatureRange other) {
        least = Math.min(least, other.least);
        greatest = Math.max(greatest, other.greatest);
    }

    /** Whether features reach so far that a training on them as they are leaves the range of float32. */
    public boolean isLarge() {
        return least < -LARGE || greatest > LARGE;
    }

    @Override
    public String toString() {
        return String.format(Locale.ROOT, "%.2g to %.2g", least, greatest);
    }
}
