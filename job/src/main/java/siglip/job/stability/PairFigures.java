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
    private static final double LARGEST_SCALE = 1000;

    private final double[][] images;
    private final double[][] texts;
    private final double[][] similarities; // NaN where the concept is the same, off the diagonal
    private final double[] positives;
    private final double[] negatives;

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
    }

    /**
     * All figures that there are; fewer than two concepts have none, and embeddings that are no numbers.
     *
     * @param images rows of length 1
     * @param texts row i is of the same pair as image i
     * @param concepts of each pair
     * @param scale the model's t; NaN if it is not known
     * @param bias the model's b; NaN if it has none
     */
    public static Map<PairFigure, Double> of(
            double[][] images, double[][] texts, int[] concepts, double scale, double bias) {
        Map<PairFigure, Double> figures = new EnumMap<>(PairFigure.class);
        boolean numbers = Stream.of(images, texts)
                .flatMap(Arrays::stream)
                .flatMapToDouble(Arrays::stream)
                .allMatch(Double::isFinite);
        if (numbers && Arrays.stream(concepts).distinct().count() >= 2) {
            new PairFigures(images, texts, concepts).add(figures, scale, bias);
            figures.values().removeIf(value -> !Double.isFinite(value));
        }
        return figures;
    }

    private void add(Map<PairFigure, Double> figures, double scale, double bias) {
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
        double high = Statistics.quantile(1 - TRIMMED, negatives);
        figures.put(PairFigure.MARGIN, (low - high) / 2);
        figures.put(PairFigure.RELATIVE_BIAS, (low + high) / 2);
        figures.put(PairFigure.AUROC, auroc());
        double fitted = bestScale();
        figures.put(PairFigure.INFONCE_SCALE, fitted);
        figures.put(PairFigure.INFONCE, infoNce(fitted)[0]);
        double least = leastPairEntropy();
        figures.put(PairFigure.PAIR_ENTROPY, least);
        figures.put(PairFigure.CALIBRATION, pairEntropy(scale, bias) - least);
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
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
        double[] sorted = negatives.clone();
        Arrays.sort(sorted);
        double won = 0;
        for (double positive : positives) {
            int below = first(sorted, positive);
            won += below + (first(sorted, Math.nextUp(positive)) - below) / 2.0;
        }
        return won / ((double) positives.length * sorted.length);
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

    /** The loss is convex in t. Newton's method on its slope, kept between a t at which it falls and one at which it rises. */
    private double bestScale() {
        if (infoNce(LARGEST_SCALE)[1] < 0) {
            return LARGEST_SCALE;
        }
        double low = 0;
        double high = LARGEST_SCALE;
        double scale = 10;
        for (int i = 0; i < 40; i++) {
            double[] at = infoNce(scale);
            low = at[1] < 0 ? scale : low;
            high = at[1] < 0 ? high : scale;
            double next = scale - at[1] / at[2];
            next = next > low && next < high ? next : (low + high) / 2;
            boolean done = Math.abs(next - scale) <= 1e-4 * scale;
            scale = next;
            if (done) {
                break;
            }
        }
        return scale;
    }

    /** Mean loss of both directions, its slope and its curvature in t. */
    private double[] infoNce(double scale) {
        int n = positives.length;
        double loss = 0;
        double slope = 0;
        double curvature = 0;
        for (int direction = 0; direction < 2; direction++) {
            for (int i = 0; i < n; i++) {
                double largest = Double.NEGATIVE_INFINITY;
                for (int j = 0; j < n; j++) {
                    double s = direction == 0 ? similarities[i][j] : similarities[j][i];
                    largest = s > largest ? s : largest; // never one left out
                }
                double sum = 0;
                double weighted = 0;
                double squares = 0;
                for (int j = 0; j < n; j++) {
                    double s = direction == 0 ? similarities[i][j] : similarities[j][i];
                    if (!Double.isNaN(s)) {
                        double weight = Math.exp(scale * (s - largest));
                        sum += weight;
                        weighted += weight * s;
                        squares += weight * s * s;
                    }
                }
                loss += Math.log(sum) + scale * (largest - positives[i]);
                slope += weighted / sum - positives[i];
                curvature += squares / sum - weighted / sum * (weighted / sum);
            }
        }
        return new double[] {loss / (2 * n), slope / (2 * n), curvature / (2 * n)};
    }

    private double pairEntropy(double scale, double bias) {
        double sum = 0;
        for (double s : positives) {
            sum += softplus(-scale * s - bias);
        }
        for (double s : negatives) {
            sum += softplus(scale * s + bias);
        }
        return sum / positives.length;
    }

    private static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    /** Newton's method in t and b, in which the loss is convex; a step that does not lower it is halved. Where no pair is confused, t runs to its limit. */
    private double leastPairEntropy() {
        double scale = 10;
        double bias = -Math.log(negatives.length / (double) positives.length) - 10 * mean(negatives);
        double loss = pairEntropy(scale, bias);
        for (int i = 0; i < 50; i++) {
            double[] step = newton(scale, bias);
            double factor = 1;
            double next = pairEntropy(scale - step[0], bias - step[1]);
            while (!(next <= loss) && factor > 1e-6) {
                factor /= 2;
                next = pairEntropy(scale - factor * step[0], bias - factor * step[1]);
            }
            boolean done = !(loss - next > 1e-6 * loss);
            if (next <= loss) {
                scale -= factor * step[0];
                bias -= factor * step[1];
                loss = next;
            }
            if (done || Math.abs(scale) > LARGEST_SCALE) {
                break;
            }
        }
        return loss;
    }

    private double[] newton(double scale, double bias) {
        double gradientScale = 0;
        double gradientBias = 0;
        double tt = 1e-9;
        double tb = 0;
        double bb = 1e-9;
        for (int i = 0; i < 2; i++) {
            for (double s : i == 0 ? positives : negatives) {
                double p = 1 / (1 + Math.exp(-scale * s - bias));
                double g = i == 0 ? p - 1 : p;
                double h = p * (1 - p);
                gradientScale += g * s;
                gradientBias += g;
                tt += h * s * s;
                tb += h * s;
                bb += h;
            }
        }
        double determinant = tt * bb - tb * tb;
        return new double[] {
            (bb * gradientScale - tb * gradientBias) / determinant,
            (tt * gradientBias - tb * gradientScale) / determinant
        };
    }
}
