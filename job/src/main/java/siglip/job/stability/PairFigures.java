package siglip.job.stability;

import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.commons.math3.exception.MaxCountExceededException;
import org.apache.commons.math3.linear.Array2DRowRealMatrix;
import org.apache.commons.math3.linear.EigenDecomposition;

/**
 * The geometry of embedded pairs, and what losses they would have with the scalars that suit them best. An image and a text of different pairs
 * that show the same concept are left out of the negatives.
 *
 * @see <a href="https://arxiv.org/abs/2005.10242">Wang and Isola 2020</a> (alignment, uniformity),
 *     <a href="https://arxiv.org/abs/2210.02885">Garrido et al. 2023</a> (RankMe),
 *     <a href="https://arxiv.org/abs/2203.02053">Liang et al. 2022</a> (modality gap),
 *     <a href="https://arxiv.org/abs/2509.18552">Bangachev et al. 2025</a> (margin, relative bias)
 */
public final class PairFigures {
    /** Added to the shares of singular values, as RankMe's authors do. */
    private static final double LEAST_SHARE = 1e-7;

    private static final double TRIMMED = 0.05;

    private final double[][] images;
    private final double[][] texts;
    private final double[][] similarities; // NaN where the concept is the same, off the diagonal
    private final double[] positives;
    private final double[] negatives; // sorted

    private PairFigures(double[][] images, double[][] texts, int[] concepts) {
        this.images = images;
        this.texts = texts;
        int n = images.length;
        similarities = new double[n][n];
        positives = new double[n];
        double[] others = new double[n * n];
        int count = 0;
        for (int i = 0; i < n; i++) {
            for (int j = 0; j < n; j++) {
                boolean same = concepts[i] == concepts[j];
                double s = i != j && same ? Double.NaN : dot(images[i], texts[j]);
                similarities[i][j] = s;
                if (i == j) {
                    positives[i] = s;
                } else if (!same) {
                    others[count++] = s;
                }
            }
        }
        negatives = Arrays.copyOf(others, count);
        Arrays.sort(negatives);
    }

    /**
     * All figures that there are; fewer than two concepts have none, and embeddings that are no numbers.
     *
     * @param images rows of length 1
     * @param texts row i is of the same pair as image i
     * @param concepts of each pair
     * @param scale the model's t; NaN if it is not known
     * @param bias the model's b; NaN if it has none
     * @param batch N, pairs of the batches that t and b were learned on: each negative here stands for as many of theirs
     */
    public static Map<PairFigure, Double> of(
            double[][] images, double[][] texts, int[] concepts, double scale, double bias, int batch) {
        Map<PairFigure, Double> figures = new EnumMap<>(PairFigure.class);
        boolean numbers = Stream.of(images, texts)
                .flatMap(Arrays::stream)
                .flatMapToDouble(Arrays::stream)
                .allMatch(Double::isFinite);
        if (numbers && Arrays.stream(concepts).distinct().count() >= 2) {
            new PairFigures(images, texts, concepts).add(figures, scale, bias, (batch - 1.0) / (images.length - 1));
            figures.values().removeIf(value -> !Double.isFinite(value));
        }
        return figures;
    }

    /** @param each how much a negative counts in what t and b were learned for */
    private void add(Map<PairFigure, Double> figures, double scale, double bias, double each) {
        int n = images.length;
        figures.put(PairFigure.PAIRS, (double) n);
        double positive = mean(positives);
        double negative = mean(negatives);
        figures.put(PairFigure.ALIGNMENT, 2 - 2 * positive);
        figures.put(PairFigure.IMAGE_UNIFORMITY, uniformity(images));
        figures.put(PairFigure.TEXT_UNIFORMITY, uniformity(texts));
        double[] imageSpectrum = spectrum(images);
        double[] textSpectrum = spectrum(texts);
        figures.put(PairFigure.IMAGE_RANK, rank(imageSpectrum));
        figures.put(PairFigure.TEXT_RANK, rank(textSpectrum));
        figures.put(PairFigure.IMAGE_PARTICIPATION, participation(imageSpectrum));
        figures.put(PairFigure.TEXT_PARTICIPATION, participation(textSpectrum));
        figures.put(PairFigure.MODALITY_GAP, gap());
        figures.put(PairFigure.POSITIVE_SIMILARITY, positive);
        figures.put(PairFigure.NEGATIVE_SIMILARITY, negative);
        figures.put(
                PairFigure.NEGATIVE_VARIANCE,
                Arrays.stream(negatives)
                        .map(s -> (s - negative) * (s - negative))
                        .average()
                        .orElse(Double.NaN));
        double all =
                (positive * positives.length + negative * negatives.length) / (positives.length + negatives.length);
        figures.put(PairFigure.MEAN_LOGIT, scale * all + (Double.isNaN(bias) ? 0 : bias));
        double low = Statistics.quantile(TRIMMED, positives);
        double high = Statistics.quantileOfSorted(1 - TRIMMED, negatives);
        figures.put(PairFigure.MARGIN, (low - high) / 2);
        figures.put(PairFigure.RELATIVE_BIAS, (low + high) / 2);
        figures.put(PairFigure.AUROC, auroc());
        hardest(figures, scale, bias);
        EmbeddingGradient gradient = EmbeddingGradient.of(similarities, scale, bias, each);
        figures.put(PairFigure.IMAGE_COMMON_GRADIENT, gradient.ofImages(images, texts));
        figures.put(PairFigure.TEXT_COMMON_GRADIENT, gradient.ofTexts(images, texts));
        ScaleFit softmax = new ScaleFit(similarities);
        figures.put(PairFigure.INFONCE_SCALE, softmax.scale());
        figures.put(PairFigure.INFONCE, softmax.loss());
        SigmoidFit sigmoid = new SigmoidFit(positives, negatives, 1);
        figures.put(PairFigure.PAIR_ENTROPY, sigmoid.least());
        SigmoidFit learned = each == 1 ? sigmoid : new SigmoidFit(positives, negatives, each);
        figures.put(PairFigure.CALIBRATION, learned.at(scale, bias) - learned.least());
    }

    /** Four sums side by side: one alone would wait for each addition. */
    static double dot(double[] a, double[] b) {
        double s0 = 0;
        double s1 = 0;
        double s2 = 0;
        double s3 = 0;
        int k = 0;
        for (; k + 3 < a.length; k += 4) {
            s0 += a[k] * b[k];
            s1 += a[k + 1] * b[k + 1];
            s2 += a[k + 2] * b[k + 2];
            s3 += a[k + 3] * b[k + 3];
        }
        for (; k < a.length; k++) {
            s0 += a[k] * b[k];
        }
        return s0 + s1 + (s2 + s3);
    }

    /** Of each image and each text: the negative with the largest logit, and its share of what all its negatives weigh in the gradient. */
    private void hardest(Map<PairFigure, Double> figures, double scale, double bias) {
        boolean sigmoid = !Double.isNaN(bias);
        double logits = 0;
        double shares = 0;
        int count = 0;
        for (int direction = 0; direction < 2; direction++) {
            for (int i = 0; i < images.length; i++) {
                double largest = Double.NEGATIVE_INFINITY;
                for (int j = 0; j < images.length; j++) {
                    double s = direction == 0 ? similarities[i][j] : similarities[j][i];
                    largest = j != i && s > largest ? s : largest; // never one left out
                }
                double sum = 0;
                for (int j = 0; j < images.length; j++) {
                    double s = direction == 0 ? similarities[i][j] : similarities[j][i];
                    if (j != i && !Double.isNaN(s)) {
                        sum += sigmoid ? EmbeddingGradient.sigmoid(scale * s + bias) : Math.exp(scale * (s - largest));
                    }
                }
                if (sum > 0) {
                    logits += scale * largest + (sigmoid ? bias : 0);
                    shares += (sigmoid ? EmbeddingGradient.sigmoid(scale * largest + bias) : 1) / sum;
                    count++;
                }
            }
        }
        figures.put(PairFigure.HARDEST_NEGATIVE_LOGIT, logits / count);
        figures.put(PairFigure.HARDEST_NEGATIVE_SHARE, shares / count);
    }

    private static double mean(double[] values) {
        return Arrays.stream(values).average().orElse(Double.NaN);
    }

    /** {@code |x - x'|^2 = 2 - 2 x x'} of rows of length 1. */
    private static double uniformity(double[][] rows) {
        double sum = 0;
        for (int i = 0; i < rows.length; i++) {
            for (int j = 0; j < i; j++) {
                sum += Math.exp(-2 * (2 - 2 * dot(rows[i], rows[j])));
            }
        }
        return Math.log(sum / (rows.length * (rows.length - 1) / 2.0));
    }

    /** Squares of the singular values: the eigenvalues of the smaller of the two Gram matrices. */
    private static double[] spectrum(double[][] rows) {
        double[][] lines = rows.length <= rows[0].length ? rows : transposed(rows);
        double[][] gram = new double[lines.length][lines.length];
        for (int i = 0; i < lines.length; i++) {
            for (int j = 0; j <= i; j++) {
                gram[i][j] = dot(lines[i], lines[j]);
                gram[j][i] = gram[i][j];
            }
        }
        try {
            return Arrays.stream(new EigenDecomposition(new Array2DRowRealMatrix(gram, false)).getRealEigenvalues())
                    .map(value -> Math.max(0, value)) // by rounding
                    .toArray();
        } catch (MaxCountExceededException e) { // no run ends for want of a figure
            return new double[] {Double.NaN};
        }
    }

    private static double[][] transposed(double[][] rows) {
        double[][] columns = new double[rows[0].length][rows.length];
        for (int i = 0; i < rows.length; i++) {
            for (int k = 0; k < columns.length; k++) {
                columns[k][i] = rows[i][k];
            }
        }
        return columns;
    }

    private static double rank(double[] squares) {
        double sum = Arrays.stream(squares).map(Math::sqrt).sum();
        double entropy = Arrays.stream(squares)
                .map(square -> Math.sqrt(square) / sum + LEAST_SHARE)
                .map(share -> -share * Math.log(share))
                .sum();
        return Math.exp(entropy);
    }

    private static double participation(double[] squares) {
        double sum = Arrays.stream(squares).sum();
        return sum * sum / Arrays.stream(squares).map(v -> v * v).sum();
    }

    private double gap() {
        double squares = 0;
        for (int k = 0; k < images[0].length; k++) {
            double difference = 0;
            for (int i = 0; i < images.length; i++) {
                difference += images[i][k] - texts[i][k];
            }
            squares += difference / images.length * (difference / images.length);
        }
        return Math.sqrt(squares);
    }

    /** Ties count half. */
    private double auroc() {
        double won = 0;
        for (double positive : positives) {
            int below = first(negatives, positive);
            won += below + (first(negatives, Math.nextUp(positive)) - below) / 2.0;
        }
        return won / ((double) positives.length * negatives.length);
    }

    /** How many of the sorted values are below. */
    private static int first(double[] sorted, double value) {
        int low = 0;
        int high = sorted.length;
        while (low < high) {
            int middle = (low + high) >>> 1;
            if (sorted[middle] < value) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        return low;
    }
}
