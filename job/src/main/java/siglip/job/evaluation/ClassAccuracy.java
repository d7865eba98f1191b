package siglip.job.evaluation;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.TreeMap;

/**
 * Zero-shot classification: an image belongs to the class whose prototype is nearest in angle, the prototype being the mean text embedding of the class'
 * captions. From texts and images the mean of their modality is subtracted first: embeddings of the two modalities lie in two cones, and
 * averaging would keep that gap while the differences between classes shrink.
 *
 * <p>Images level with several classes, within {@link Hits#TIE}, count in shares: a collapsed model scores one over the number of classes. An image
 * that is not a number, or whose class has no captions, counts as wrong; rows without a class do not count.
 */
final class ClassAccuracy {
    private static final double SMALLEST_NORM = 1e-6; // below it, a difference of rows of length 1 is rounding

    private ClassAccuracy() {}

    /** @return the share of images that are named rightly; empty if no row has a class */
    static OptionalDouble of(
            EmbeddedSide images,
            List<String> imageClasses,
            double[] imageMean,
            EmbeddedSide texts,
            List<String> textClasses,
            double[] textMean) {
        Map<String, double[]> prototypes = prototypes(texts, textClasses, textMean);
        double right = 0;
        int asked = 0;
        double[] image = new double[images.width()];
        for (int i = 0; i < images.count(); i++) {
            String own = imageClasses.get(i);
            if (!own.isEmpty()) {
                asked++;
                for (int k = 0; k < image.length; k++) {
                    image[k] = images.rows()[i * image.length + k] - imageMean[k];
                }
                direct(image);
                right += share(image, own, prototypes);
            }
        }
        return asked == 0 ? OptionalDouble.empty() : OptionalDouble.of(right / asked);
    }

    /** Mean of all rows; zeros without rows. */
    static double[] mean(EmbeddedSide items) {
        double[] mean = new double[items.width()];
        for (int i = 0; i < items.rows().length; i++) {
            mean[i % mean.length] += items.rows()[i];
        }
        for (int k = 0; k < mean.length; k++) {
            mean[k] /= Math.max(1, items.count());
        }
        return mean;
    }

    private static Map<String, double[]> prototypes(EmbeddedSide texts, List<String> classes, double[] mean) {
        Map<String, double[]> sums = new TreeMap<>();
        for (int i = 0; i < texts.count(); i++) {
            if (!classes.get(i).isEmpty()) {
                double[] sum = sums.computeIfAbsent(classes.get(i), name -> new double[texts.width()]);
                for (int k = 0; k < sum.length; k++) {
                    sum[k] += texts.rows()[i * sum.length + k] - mean[k];
                }
            }
        }
        sums.values().forEach(ClassAccuracy::direct);
        return sums;
    }

    /** Scales to length 1; what has no length has no direction. */
    private static void direct(double[] row) {
        double norm = Math.sqrt(dot(row, row));
        for (int k = 0; k < row.length; k++) {
            row[k] = norm <= SMALLEST_NORM ? 0 : row[k] / norm;
        }
    }

    private static double share(double[] image, String own, Map<String, double[]> prototypes) {
        if (!prototypes.containsKey(own)) {
            return 0;
        }
        double best = dot(image, prototypes.get(own));
        int level = 0;
        for (double[] prototype : prototypes.values()) {
            double cosine = dot(image, prototype);
            if (cosine > best + Hits.TIE) {
                return 0;
            }
            level += cosine >= best - Hits.TIE ? 1 : 0;
        }
        return level == 0 ? 0 : 1.0 / level;
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }
}
