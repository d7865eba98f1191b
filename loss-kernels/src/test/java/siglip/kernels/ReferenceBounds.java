package siglip.kernels;

import java.util.ArrayList;
import java.util.List;
import siglip.kernels.blas.Precision;
import siglip.kernels.blas.RoundingProducts;
import siglip.kernels.lines.SimilarityHistogram;

/**
 * How far the results of the kernels may be from {@link ReferenceLoss}, derived from what they do, for any matrix-product library
 * and any kernel. Every bound is a multiple of the sum of the <em>absolute</em> terms: a gradient may itself cancel to nothing.
 *
 * <p>With {@code u = 2^-24}, {@code gamma(n) = n u / (1 - n u)}, {@code e} the kernels' relative error, {@code A = sum_k |x_k y_k|}:
 * <ul>
 *   <li>a logit is off by {@code d = gamma(dim + 6) (t A + |b|)}: dim roundings in the product, those of t, b, their product and sum;
 *   <li>softplus and sigmoid change by at most the factor {@code exp(d)} when their argument changes by d, as does exp;
 *   <li>a row is summed in at least four partial sums of float: {@code gamma(tile / 4)} of its terms;
 *   <li>a log-sum-exp is off by the largest d in it, plus {@code e}, plus the roundings of the sum, plus {@code u log n} for the
 *       subtraction of the maximum (n e^x-weighted terms of mean |x| at most log n);
 *   <li>gradients of embeddings sum n terms, and what each tile and slice adds, in float.
 * </ul>
 *
 * <p>Kernels may have worked on other embeddings than the reference, entries off by at most {@code ex} and {@code ey} (of images, of
 * texts). Then {@code A = sum_k (|x_k| + ex_k) (|y_k| + ey_k)}, a logit is off by {@code t sum_k (|x_k| ey_k + ex_k (|y_k| + ey_k))}
 * more, which passes through softplus, sigmoid and log-sum-exp as its rounding does, and a gradient by what its factors
 * {@code y} and {@code t x y} are off, times the derivative. Products in bf16 round embeddings, an error of that kind, and multiply each
 * element of a tile's gradient by a factor of at most {@code 1 + v}, {@code v = 2^-8}.
 */
public final class ReferenceBounds {
    private static final double U = 0x1p-24;

    /** What a pair may miss where {@code exp} is 0 already. */
    private static final double FLOOR = 4e-38;

    private final ReferenceLoss of;
    private final int tile;
    private final int slices;
    private final double[][] imageErrors;
    private final double[][] textErrors;
    private final double tileRounding;
    private final double[][] absolute; // A of each pair
    private final double[][] moved; // by how much the similarity of each pair may be off
    private final double[][] derivativeErrors;
    private final double[][] spreadErrors; // of derivatives by similarities alone
    private final double[][] magnitudes; // of derivatives: what they are sums of does not cancel here
    private final List<ReferenceBounds> parts = new ArrayList<>();
    private double loss;

    ReferenceBounds(
            ReferenceLoss of,
            int tile,
            int slices,
            double[][] imageErrors,
            double[][] textErrors,
            Precision tileGradient) {
        tileRounding = RoundingProducts.unit(tileGradient);
        this.of = of;
        this.tile = tile;
        this.slices = slices;
        this.imageErrors = imageErrors;
        this.textErrors = textErrors;
        int m = of.images().length;
        int n = of.texts().length;
        absolute = new double[m][n];
        moved = new double[m][n];
        derivativeErrors = new double[m][n];
        magnitudes = new double[m][n];
        spreadErrors = new double[m][n];
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                for (int k = 0; k < of.dim(); k++) {
                    double x = Math.abs(of.images()[i][k]);
                    double y = Math.abs(of.texts()[j][k]);
                    absolute[i][j] += (x + imageErrors[i][k]) * (y + textErrors[j][k]);
                    moved[i][j] += x * textErrors[j][k] + imageErrors[i][k] * (y + textErrors[j][k]);
                }
            }
        }
        for (ReferenceLoss.Part part : of.parts()) {
            add(part.weight(), new ReferenceBounds(part.loss(), tile, slices, imageErrors, textErrors, tileGradient));
        }
        if (!of.parts().isEmpty()) {
            return;
        }
        if (of.isSoftmax()) {
            for (int i = 0; i < m; i++) {
                addLine(new ReferenceLoss.Line(of, i, true));
            }
            for (int j = 0; j < n; j++) {
                addLine(new ReferenceLoss.Line(of, j, false));
            }
        } else {
            sigmoid(m, n);
        }
        addSpread();
        loss += doubleRounding() * Math.abs(of.loss());
    }

    /** The similarity of a pair is off by what its product is; the target, the weight and what they make are rounded. */
    private void addSpread() {
        for (int i = 0; i < absolute.length; i++) {
            for (int j = 0; j < absolute[i].length; j++) {
                double derivative = Math.abs(of.bySimilarity(i, j));
                if (derivative > 0) {
                    double off = derivative / (2 * of.spreadWeight());
                    double error = gamma(of.dim() + 6) * (absolute[i][j] + off + 1) + moved[i][j];
                    spreadErrors[i][j] = 2 * of.spreadWeight() * error + gamma(6) * derivative;
                    loss += of.spreadWeight() * (2 * off + error) * error
                            + of.spreadWeight() * off * off * gamma(rowRoundings() + 4);
                }
            }
        }
    }

    private void add(double weight, ReferenceBounds part) {
        parts.add(part);
        loss += weight * part.loss;
        for (int i = 0; i < magnitudes.length; i++) {
            for (int j = 0; j < magnitudes[i].length; j++) {
                double mixing = gamma(4) * part.magnitudes[i][j];
                derivativeErrors[i][j] += weight * (part.derivativeErrors[i][j] + mixing);
                magnitudes[i][j] += weight * part.magnitudes[i][j];
            }
        }
    }

    private static double gamma(double roundings) {
        return roundings * U / (1 - roundings * U);
    }

    /** Double sums, here and there. */
    private double doubleRounding() {
        return 4.0 * (of.images().length + 1) * (of.texts().length + 1) * 0x1p-53;
    }

    private double rowRoundings() {
        return Math.ceil(tile / (double) ElementwiseKernel.FEWEST_LANES) + 2;
    }

    /** By how much the logit of a pair may be off. */
    double logitError(int i, int j) {
        double t = of.params().scale();
        double bias = Double.isInfinite(of.bias(i, j)) ? 0 : Math.abs(of.bias(i, j));
        return gamma(of.dim() + 6) * (t * absolute[i][j] + bias) + t * moved[i][j];
    }

    /** By how much a log-sum-exp of a row's or column's negatives may be off. */
    private double negativesError(boolean isRow, int index) {
        double largest = 0;
        int length = isRow ? of.texts().length : of.images().length;
        for (int at = 0; at < length; at++) {
            int i = isRow ? index : at;
            int j = isRow ? at : index;
            double t = of.params().scale();
            largest = Math.max(largest, gamma(of.dim() + 6) * t * absolute[i][j] + t * moved[i][j]);
        }
        return largest + sumError(length);
    }

    /** Of a log-sum-exp, beside the errors of logits. */
    private double sumError(int length) {
        return ElementwiseKernel.RELATIVE_ERROR
                + gamma(rowRoundings() + 32)
                + U * Math.log(length + 1)
                + doubleRounding();
    }

    private double biasError(int i, int j, double common) {
        if (Double.isInfinite(of.bias(i, j))) {
            return 0;
        }
        double rounded = gamma(4) * Math.abs(of.bias(i, j));
        return switch (of.bias()) {
            case GIVEN, SOLVED -> common;
            case ROWS -> negativesError(true, i) + rounded;
            case COLUMNS -> negativesError(false, j) + rounded;
        };
    }

    /** By how much its bias may be off. That which is solved for moves by no more than the logits do, and by what is lost in the bins of the histogram and their steps. */
    private double biasError() {
        if (of.bias() != ReferenceLoss.Bias.SOLVED) {
            return 0;
        }
        double most = 0;
        for (int i = 0; i < absolute.length; i++) {
            for (int j = 0; j < absolute[i].length; j++) {
                most = Math.max(most, logitError(i, j));
            }
        }
        double bin = of.params().scale() / SimilarityHistogram.BINS_PER_UNIT;
        double steps = of.params().scale() * 0x1p-22;
        return most + bin * bin / 8 * Math.exp(bin) + steps;
    }

    private void sigmoid(int m, int n) {
        double common = biasError();
        for (int i = 0; i < m; i++) {
            for (int j = 0; j < n; j++) {
                if (of.pair(i, j) != ReferenceLoss.Pair.MASKED) {
                    double v = of.pair(i, j) == ReferenceLoss.Pair.POSITIVE ? -of.logit(i, j) : of.logit(i, j);
                    double factor = Math.expm1(
                            logitError(i, j) + biasError(i, j, common) + Math.log1p(ElementwiseKernel.RELATIVE_ERROR));
                    double weight = of.pair(i, j) == ReferenceLoss.Pair.POSITIVE ? of.positiveWeight() : 1;
                    double weighing = weight == 1 ? 0 : gamma(2); // of the weight itself, and of what it weighs
                    loss += weight
                            * (ReferenceLoss.softplus(v) * ((1 + factor) * (1 + gamma(rowRoundings())) - 1) + FLOOR);
                    derivativeErrors[i][j] =
                            Math.abs(of.derivative(i, j)) * ((1 + factor) * (1 + weighing) - 1) + weight * FLOOR;
                    magnitudes[i][j] = Math.abs(of.derivative(i, j));
                }
            }
        }
    }

    private double logitError(ReferenceLoss.Line line, int at) {
        return line.isRow ? logitError(line.index, at) : logitError(at, line.index);
    }

    private void addLine(ReferenceLoss.Line line) {
        double largest = 0;
        double largestPositive = 0;
        for (int at = 0; at < line.length(); at++) {
            largest = Math.max(largest, logitError(line, at));
            if (line.pair(at) == ReferenceLoss.Pair.POSITIVE) {
                largestPositive = Math.max(largestPositive, logitError(line, at));
            }
        }
        double sumError = largest + sumError(line.length());
        if (line.count > 0) {
            double softplus = ReferenceLoss.softplus(line.negatives - line.positives);
            loss += 0.5 * softplus * Math.expm1(sumError + largestPositive)
                    + (line.count > 1 ? largestPositive : 0)
                    + FLOOR;
            for (int at = 0; at < line.length(); at++) {
                int i = line.isRow ? line.index : at;
                int j = line.isRow ? at : line.index;
                double shift = line.even(at) + (line.pair(at) == ReferenceLoss.Pair.POSITIVE ? line.lacking() : 0);
                double plain = derivativeError(line, at, sumError, largestPositive);
                derivativeErrors[i][j] += (plain + gamma(4) * shift) / 2 + FLOOR;
                magnitudes[i][j] += (Math.abs(line.derivative(at) + line.shift(at)) + shift) / 2;
                double summing = gamma(rowRoundings() + 34) * Math.abs(line.logit(at));
                loss += shift * (logitError(i, j) + summing) / 2;
            }
        }
    }

    private double derivativeError(ReferenceLoss.Line line, int at, double sumError, double largestPositive) {
        double all = line.positives + ReferenceLoss.softplus(line.negatives - line.positives);
        double logitError = logitError(line, at);
        return switch (line.pair(at)) {
            case MASKED -> 0;
            case NEGATIVE -> {
                // the log-sum-exp is rounded to float, and so is what is left after it is subtracted
                double off = logitError + sumError;
                double exponent = off + U * (Math.abs(all) + off) + U * (Math.abs(line.logit(at) - all) + off);
                yield (line.derivative(at) + line.shift(at))
                        * (Math.expm1(exponent + Math.log1p(ElementwiseKernel.RELATIVE_ERROR)) + 3 * U);
            }
            case POSITIVE -> {
                double share = line.count == 1 ? 1 : Math.exp(line.logit(at) - line.positives);
                double shareError = line.count == 1 ? 0 : share * Math.expm1(logitError + largestPositive) + 0x1p-50;
                double taken = ReferenceLoss.sigmoid(line.negatives - line.positives);
                double takenError = taken * Math.expm1(sumError + largestPositive);
                yield shareError * (1 + taken + takenError) + share * takenError;
            }
        };
    }

    /** Of {@link ReferenceLoss#loss}. */
    public double loss() {
        return loss;
    }

    /** Of {@link ReferenceLoss#biasGradient}. */
    public double biasGradient() {
        double sum = 0;
        for (int part = 0; part < parts.size(); part++) {
            sum += of.parts().get(part).weight() * parts.get(part).biasGradient();
        }
        boolean ofLines = of.bias() == ReferenceLoss.Bias.ROWS || of.bias() == ReferenceLoss.Bias.COLUMNS;
        if (!parts.isEmpty() || ofLines) {
            return sum;
        }
        for (int i = 0; i < absolute.length; i++) {
            for (int j = 0; j < absolute[i].length; j++) {
                sum += summed(i, j, rowRoundings(), 0);
            }
        }
        return of.isSoftmax() ? 0 : sum;
    }

    /** Of {@link ReferenceLoss#relativeBiasGradient}. */
    public double relativeBiasGradient() {
        return of.params().scale() * (1 + doubleRounding()) * biasGradient();
    }

    /** Of {@link ReferenceLoss#logScaleGradient}. */
    public double logScaleGradient() {
        double sum = of.isRelative() ? Math.abs(of.params().bias()) * (1 + doubleRounding()) * biasGradient() : 0;
        for (int i = 0; i < absolute.length; i++) {
            for (int j = 0; j < absolute[i].length; j++) {
                double logit = of.params().scale() * absolute[i][j] + 2 * biasOfLines(i, j);
                double derivative = magnitudes[i][j];
                sum += logit * summed(i, j, rowRoundings() + of.dim() + 38, derivative * doubleRounding())
                        + derivative * of.params().scale() * moved[i][j];
            }
        }
        return sum;
    }

    /** A similarity to which a bias was added is taken apart again. */
    private double biasOfLines(int i, int j) {
        double bias = 0;
        for (ReferenceBounds part : parts) {
            double own = Math.abs(part.of.bias(i, j));
            boolean ofLines = part.of.bias() == ReferenceLoss.Bias.COLUMNS;
            bias = ofLines && Double.isFinite(own) ? Math.max(bias, own) : bias;
        }
        return bias;
    }

    /** Bound on a term of a sum: the error of the derivative, and the roundings of a sum of such terms. */
    private double summed(int i, int j, double roundings, double more) {
        double error = derivativeErrors[i][j];
        return error + (magnitudes[i][j] + error) * gamma(roundings) + more;
    }

    /** The same of a term of an embedding's gradient, which a product multiplies with an element of the other's. */
    private double term(int i, int j, double roundings) {
        double derivative = magnitudes[i][j] + derivativeErrors[i][j];
        double rounded = derivative * tileRounding * (1 + gamma(roundings));
        double spread = Math.abs(of.bySimilarity(i, j)) + spreadErrors[i][j];
        return of.params().scale() * (summed(i, j, roundings, 0) + rounded)
                + spreadErrors[i][j]
                + spread * (gamma(roundings) + tileRounding * (1 + gamma(roundings)))
                + (tileRounding == 0 ? 0 : 2 * Float.MIN_NORMAL); // a product in bf16 may take less than that for 0
    }

    /** Of {@link ReferenceLoss#imageGradient}. */
    public double[][] imageGradient() {
        double[][] bound = new double[of.images().length][of.dim()];
        double roundings = additions(of.texts().length);
        for (int i = 0; i < bound.length; i++) {
            for (int j = 0; j < of.texts().length; j++) {
                double t = of.params().scale();
                double term = term(i, j, roundings);
                double derivative = t * magnitudes[i][j] + Math.abs(of.bySimilarity(i, j));
                for (int k = 0; k < of.dim(); k++) {
                    bound[i][k] +=
                            term * (Math.abs(of.texts()[j][k]) + textErrors[j][k]) + derivative * textErrors[j][k];
                }
            }
        }
        return bound;
    }

    /** Of {@link ReferenceLoss#textGradient}. */
    public double[][] textGradient() {
        double[][] bound = new double[of.texts().length][of.dim()];
        double roundings = additions(of.images().length);
        for (int i = 0; i < of.images().length; i++) {
            for (int j = 0; j < bound.length; j++) {
                double t = of.params().scale();
                double term = term(i, j, roundings);
                double derivative = t * magnitudes[i][j] + Math.abs(of.bySimilarity(i, j));
                for (int k = 0; k < of.dim(); k++) {
                    bound[j][k] +=
                            term * (Math.abs(of.images()[i][k]) + imageErrors[i][k]) + derivative * imageErrors[i][k];
                }
            }
        }
        return bound;
    }

    /** Roundings in a sum of n terms that is formed in tiles and slices; four for t, the derivative and their product. */
    private double additions(int n) {
        return n + Math.ceil(n / (double) tile) + 2.0 * slices + 4;
    }
}
