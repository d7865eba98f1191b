package siglip.job.evaluation;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * Classification by captions: an image belongs to the class whose prototype is nearest in angle, the prototype being the mean text embedding of the class'
 * captions of <em>other</em> concepts. With its own caption among them an image would find its class by finding its caption. From texts and
 * images the mean of their modality is subtracted first: embeddings of the two modalities lie in two cones, and averaging would keep that gap while the differences between classes shrink.
 *
 * <p>Images level with several classes, within {@link Hits#TIE}, count in shares: a collapsed model scores one over the number of classes. An image
 * that is not a number counts as wrong. Rows without a class do not count, nor do images whose class has no caption of another concept.
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
        Prototypes prototypes = new Prototypes(texts, textClasses, textMean);
        double right = 0;
        int asked = 0;
        double[] image = new double[images.width()];
        for (int i = 0; i < images.count(); i++) {
            String own = imageClasses.get(i);
            Map<String, double[]> others = own.isEmpty() ? Map.of() : prototypes.without(images.concepts()[i]);
            if (others.containsKey(own)) {
                asked++;
                for (int k = 0; k < image.length; k++) {
                    image[k] = images.rows()[i * image.length + k] - imageMean[k];
                }
                direct(image);
                right += share(image, own, others);
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

    /** The classes' directions, without the captions of one image's concepts at a time. */
    private static final class Prototypes {
        private final EmbeddedSide texts;
        private final List<String> classes;
        private final double[] mean;
        private final Map<String, double[]> sums = new TreeMap<>();
        private final Map<String, Integer> counts = new TreeMap<>();
        private final Map<Integer, List<Integer>> textsOf = new HashMap<>(); // by concept
        private final Map<String, double[]> whole = new TreeMap<>();

        Prototypes(EmbeddedSide texts, List<String> classes, double[] mean) {
            this.texts = texts;
            this.classes = classes;
            this.mean = mean;
            for (int i = 0; i < texts.count(); i++) {
                if (!classes.get(i).isEmpty()) {
                    add(i, 1, sums.computeIfAbsent(classes.get(i), name -> new double[texts.width()]));
                    counts.merge(classes.get(i), 1, Integer::sum);
                    for (int concept : texts.concepts()[i]) {
                        textsOf.computeIfAbsent(concept, id -> new ArrayList<>())
                                .add(i);
                    }
                }
            }
            sums.forEach((name, sum) -> {
                double[] prototype = sum.clone();
                direct(prototype);
                whole.put(name, prototype);
            });
        }

        private void add(int text, int sign, double[] to) {
            for (int k = 0; k < to.length; k++) {
                to[k] += sign * (texts.rows()[text * to.length + k] - mean[k]);
            }
        }

        /** Those of the classes that have captions of other concepts than these. */
        Map<String, double[]> without(int... concepts) {
            Set<Integer> own = IntStream.of(concepts)
                    .boxed()
                    .flatMap(concept -> textsOf.getOrDefault(concept, List.of()).stream())
                    .collect(Collectors.toCollection(TreeSet::new));
            Map<String, double[]> changed = new TreeMap<>();
            Map<String, Integer> gone = new TreeMap<>();
            for (int text : own) {
                String name = classes.get(text);
                add(text, -1, changed.computeIfAbsent(name, of -> sums.get(of).clone()));
                gone.merge(name, 1, Integer::sum);
            }
            Map<String, double[]> left = new TreeMap<>(whole);
            changed.forEach((name, sum) -> {
                if (gone.get(name).equals(counts.get(name))) {
                    left.remove(name);
                } else {
                    direct(sum);
                    left.put(name, sum);
                }
            });
            return left;
        }
    }

    /** Scales to length 1; what has no length has no direction. */
    private static void direct(double[] row) {
        double norm = Math.sqrt(dot(row, row));
        for (int k = 0; k < row.length; k++) {
            row[k] = norm <= SMALLEST_NORM ? 0 : row[k] / norm;
        }
    }

    private static double share(double[] image, String own, Map<String, double[]> prototypes) {
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
