package siglip.kernels;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.TreeMap;
import java.util.stream.IntStream;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.Precision;
import siglip.kernels.blas.RoundingProducts;

/**
 * Both losses of a whole batch in plain {@code double} arithmetic that nobody optimises: what the kernels are held to. All N x N
 * pairs are kept.
 *
 * <p>{@link #bounds} says how far a kernel may be from it.
 */
public final class ReferenceLoss {
    /** What a pair is. */
    enum Pair {
        POSITIVE,
        NEGATIVE,
        MASKED
    }

    /** Where the bias of a sigmoid comes from, which decides how far it may be off. */
    enum Bias {
        GIVEN,
        /** The one at which the loss is least. */
        SOLVED,
        /** Of each row the negative log-sum-exp of its negatives, taken as a constant. */
        ROWS,
        /** The same of columns. */
        COLUMNS
    }

    /** A loss that another one is a sum of. */
    record Part(double weight, ReferenceLoss loss) {}

    private final boolean softmax;
    private final double[][] images;
    private final double[][] texts;
    private final PairLabels labels;
    private final LogitParams params;
    private final double[][] logits;
    private final double[][] derivatives; // of the loss with respect to each logit
    private final double[][] biases; // of each pair
    private Bias bias = Bias.GIVEN;
    private final List<Part> parts = new ArrayList<>();
    private double positiveWeight = 1;
    private boolean relative;
    private double smoothing;
    private boolean[][] leftOut = {};
    private final double[][] bySimilarity; // derivatives of what depends on similarities alone
    private double spreadWeight;
    private double loss;

    private ReferenceLoss(boolean softmax, double[][] images, double[][] texts, PairLabels labels, LogitParams params) {
        this.softmax = softmax;
        this.images = images;
        this.texts = texts;
        this.labels = labels;
        this.params = params;
        logits = new double[images.length][texts.length];
        derivatives = new double[images.length][texts.length];
        bySimilarity = new double[images.length][texts.length];
        biases = new double[images.length][texts.length];
        for (double[] row : biases) {
            Arrays.fill(row, softmax ? 0 : params.bias());
        }
        addLogits(biases);
    }

    private void addLogits(double[][] of) {
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                logits[i][j] = params.scale() * dot(images[i], texts[j]) + of[i][j];
            }
        }
    }

    /** Any loss: a sum, not a mean. */
    public static ReferenceLoss of(
            LossForm form, double[][] images, double[][] texts, PairLabels labels, LogitParams params) {
        return of(form, images, texts, labels, params, GlobalBatch.of(images.length, 0, 0));
    }

    /** The same where something is drawn. */
    public static ReferenceLoss of(
            LossForm form,
            double[][] images,
            double[][] texts,
            PairLabels labels,
            LogitParams params,
            GlobalBatch batch) {
        ReferenceLoss result =
                switch (form.loss()) {
                    case SIGMOID, SIGMOID_RELATIVE -> sigmoid(form, images, texts, labels, params, batch);
                    case SOFTMAX -> softmax(form, images, texts, labels, params);
                    case SIGMOID_SOLVED -> solved(images, texts, labels, params);
                    case HYBRID -> sum(
                            new Part(form.get(LossOption.SOFTMAX_SHARE), softmax(images, texts, labels, params)),
                            new Part(1 - form.get(LossOption.SOFTMAX_SHARE), sigmoid(images, texts, labels, params)));
                    case SIGMOID_ADAPTIVE -> sum(
                            new Part(0.5, adaptive(Bias.ROWS, images, texts, labels, params)),
                            new Part(0.5, adaptive(Bias.COLUMNS, images, texts, labels, params)));
                };
        result.addSpread(form.get(LossOption.VRNS_WEIGHT));
        return result;
    }

    /** Variance reduction for negative similarity: the weight over N - 1, times the squares of what similarities are off -1 / (N - 1). */
    private void addSpread(double weight) {
        int others = Math.max(1, images.length - 1);
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                if (pair(i, j) == Pair.NEGATIVE) {
                    double off = dot(images[i], texts[j]) + 1.0 / others;
                    loss += weight / others * off * off;
                    bySimilarity[i][j] = 2 * weight / others * off;
                }
            }
        }
        spreadWeight = weight / others;
    }

    /** Marks the negatives that do not count. */
    private void leaveOut(LossForm form, GlobalBatch batch) {
        NavigableMap<Integer, Integer> bins = new TreeMap<>();
        int negatives = 0;
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                if (pair(i, j) == Pair.NEGATIVE) {
                    negatives++;
                    bins.merge(bin(i, j), 1, Integer::sum);
                }
            }
        }
        int last = lastBin(bins.descendingMap(), form.get(LossOption.HARDEST_NEGATIVES) * negatives);
        int first = lastBin(bins, form.get(LossOption.EASIEST_NEGATIVES) * negatives);
        double share = form.get(LossOption.RANDOM_NEGATIVES);
        boolean[][] gone = new boolean[images.length][texts.length];
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                boolean drawn = ElementwiseKernel.uniform(
                                batch.imageKey(labels.firstImage() + i) + batch.textKey(labels.firstText() + j))
                        < (float) share;
                boolean kept = share < 1 ? drawn : bin(i, j) >= last && bin(i, j) <= first;
                gone[i][j] = pair(i, j) == Pair.NEGATIVE && !kept;
            }
        }
        leftOut = gone;
    }

    /** The bin with which so many pairs are reached, from the first bin of a map on. */
    private static int lastBin(NavigableMap<Integer, Integer> bins, double wanted) {
        int found = 0;
        int last = 0;
        for (Map.Entry<Integer, Integer> bin : bins.entrySet()) {
            if (found < wanted) {
                last = bin.getKey();
                found += bin.getValue();
            }
        }
        return last;
    }

    /** 2^-12 wide, of a similarity rounded to 2^-21. */
    private int bin(int i, int j) {
        return (int) Math.floor(Math.rint(dot(images[i], texts[j]) * 0x1p21) / 512);
    }

    /** The loss of other embeddings with the biases that pairs have here. */
    double lossAt(double[][] otherImages, double[][] otherTexts, LogitParams at) {
        double sum = 0;
        for (Part part : parts) {
            ReferenceLoss moved = new ReferenceLoss(false, otherImages, otherTexts, labels, at);
            moved.addLogits(part.loss().biases);
            moved.addPairs();
            sum += part.weight() * moved.loss;
        }
        return sum;
    }

    private static ReferenceLoss sum(Part... parts) {
        ReferenceLoss first = parts[0].loss();
        ReferenceLoss result = new ReferenceLoss(first.softmax, first.images, first.texts, first.labels, first.params);
        for (Part part : parts) {
            result.parts.add(part);
            result.loss += part.weight() * part.loss().loss;
            for (int i = 0; i < result.derivatives.length; i++) {
                for (int j = 0; j < result.derivatives[i].length; j++) {
                    result.derivatives[i][j] += part.weight() * part.loss().derivatives[i][j];
                }
            }
        }
        return result;
    }

    /** The sigmoid loss whose biases are those of rows or of columns. */
    private static ReferenceLoss adaptive(
            Bias bias, double[][] images, double[][] texts, PairLabels labels, LogitParams params) {
        ReferenceLoss result = new ReferenceLoss(true, images, texts, labels, params);
        double[] rows = new double[images.length];
        double[] columns = new double[texts.length];
        Arrays.setAll(rows, i -> bias == Bias.ROWS ? -new Line(result, i, true).negatives : 0);
        Arrays.setAll(columns, j -> bias == Bias.COLUMNS ? -new Line(result, j, false).negatives : 0);
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                result.biases[i][j] = rows[i] + columns[j];
            }
        }
        ReferenceLoss found = new ReferenceLoss(false, images, texts, labels, params);
        System.arraycopy(result.biases, 0, found.biases, 0, images.length);
        found.addLogits(found.biases);
        found.bias = bias;
        found.addPairs();
        return found;
    }

    /** The SigLIP loss: the sum over all pairs, not the mean. */
    public static ReferenceLoss sigmoid(double[][] images, double[][] texts, PairLabels labels, LogitParams params) {
        return sigmoid(
                LossForm.plain(Loss.SIGMOID), images, texts, labels, params, GlobalBatch.of(images.length, 0, 0));
    }

    private static ReferenceLoss sigmoid(
            LossForm form,
            double[][] images,
            double[][] texts,
            PairLabels labels,
            LogitParams params,
            GlobalBatch batch) {
        ReferenceLoss result = new ReferenceLoss(false, images, texts, labels, params);
        result.positiveWeight = form.get(LossOption.POSITIVE_WEIGHT);
        result.relative = form.loss() == Loss.SIGMOID_RELATIVE;
        if (form.keptNegatives() < 1) {
            result.leaveOut(form, batch);
        }
        result.addPairs();
        return result;
    }

    private void addPairs() {
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                double l = logits[i][j];
                switch (pair(i, j)) {
                    case POSITIVE -> {
                        loss += positiveWeight * softplus(-l);
                        derivatives[i][j] = -positiveWeight * sigmoid(-l);
                    }
                    case NEGATIVE -> {
                        loss += softplus(l);
                        derivatives[i][j] = sigmoid(l);
                    }
                    case MASKED -> {}
                }
            }
        }
    }

    /** The SigLIP loss with the bias at which it is least, found by halves; the one of {@code params} if it falls for ever. */
    private static ReferenceLoss solved(double[][] images, double[][] texts, PairLabels labels, LogitParams params) {
        ReferenceLoss plain = new ReferenceLoss(true, images, texts, labels, params);
        double least = -1e5;
        double most = 1e5;
        for (int i = 0; i < 120; i++) {
            double middle = (least + most) / 2;
            boolean above = plain.excess(middle) > 0;
            least = above ? least : middle;
            most = above ? middle : most;
        }
        boolean falls = most == 1e5 || least == -1e5;
        LogitParams found = falls ? params : new LogitParams(params.logScale(), least);
        ReferenceLoss result = sigmoid(images, texts, labels, found);
        result.bias = falls ? Bias.GIVEN : Bias.SOLVED;
        return result;
    }

    /** The sum of all probabilities less the number of positives; what is a whole number but for little is counted as such first. */
    private double excess(double bias) {
        long whole = 0;
        double rest = 0;
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                double l = logits[i][j] + bias;
                if (pair(i, j) != Pair.MASKED) {
                    whole += (l < 0 ? 0 : 1) - (pair(i, j) == Pair.POSITIVE ? 1 : 0);
                    rest += l < 0 ? sigmoid(l) : -sigmoid(-l);
                }
            }
        }
        return whole + rest;
    }

    /** CLIP's loss: half the sum over rows plus half the sum over columns, not the mean. The bias takes no part. */
    public static ReferenceLoss softmax(double[][] images, double[][] texts, PairLabels labels, LogitParams params) {
        return softmax(LossForm.plain(Loss.SOFTMAX), images, texts, labels, params);
    }

    private static ReferenceLoss softmax(
            LossForm form, double[][] images, double[][] texts, PairLabels labels, LogitParams params) {
        ReferenceLoss result = new ReferenceLoss(true, images, texts, labels, params);
        result.smoothing = form.get(LossOption.LABEL_SMOOTHING);
        for (int i = 0; i < images.length; i++) {
            result.addLine(new Line(result, i, true));
        }
        for (int j = 0; j < texts.length; j++) {
            result.addLine(new Line(result, j, false));
        }
        return result;
    }

    private void addLine(Line line) {
        loss += line.loss() / 2;
        for (int at = 0; at < line.length(); at++) {
            int i = line.isRow ? line.index : at;
            int j = line.isRow ? at : line.index;
            derivatives[i][j] += line.derivative(at) / 2;
        }
    }

    /** One row or column of the logits, of which softmax makes a distribution. */
    static final class Line {
        final boolean isRow;
        final int index;
        final double negatives; // log-sum-exp
        final double positives;
        final int count; // of positives
        private final ReferenceLoss of;
        private double positiveLogits;

        Line(ReferenceLoss of, int index, boolean isRow) {
            this.of = of;
            this.index = index;
            this.isRow = isRow;
            negatives = logSumExp(Pair.NEGATIVE);
            positives = logSumExp(Pair.POSITIVE);
            int found = 0;
            for (int at = 0; at < length(); at++) {
                if (pair(at) == Pair.POSITIVE) {
                    found++;
                    positiveLogits += logit(at);
                }
            }
            count = found;
        }

        int length() {
            return isRow ? of.texts.length : of.images.length;
        }

        double logit(int at) {
            return isRow ? of.logits[index][at] : of.logits[at][index];
        }

        Pair pair(int at) {
            return isRow ? of.pair(index, at) : of.pair(at, index);
        }

        private double logSumExp(Pair kind) {
            double max = Double.NEGATIVE_INFINITY;
            for (int at = 0; at < length(); at++) {
                max = pair(at) == kind ? Math.max(max, logit(at)) : max;
            }
            double sum = 0;
            for (int at = 0; at < length(); at++) {
                sum += pair(at) == kind ? Math.exp(logit(at) - max) : 0;
            }
            return sum == 0 ? Double.NEGATIVE_INFINITY : max + Math.log(sum);
        }

        /** -(1/k) sum over the positives of log softmax; as log(1 + e^(negatives - positives)) it does not cancel. */
        double loss() {
            if (count == 0) {
                return 0;
            }
            double lead = count == 1 ? 0 : positives - positiveLogits / count;
            double even = 0;
            for (int at = 0; at < length(); at++) {
                even += shift(at) * logit(at);
            }
            return softplus(negatives - positives) + lead - even;
        }

        /** By how much label smoothing moves a pair's target: to an even one of the whole row, the rest of which is the positives'. */
        double shift(int at) {
            return pair(at) == Pair.POSITIVE ? even(at) - lacking() : even(at);
        }

        double even(int at) {
            return pair(at) == Pair.MASKED ? 0 : of.smoothing / length();
        }

        double lacking() {
            long unmasked = IntStream.range(0, length())
                    .filter(other -> pair(other) != Pair.MASKED)
                    .count();
            return of.smoothing * unmasked / length() / count;
        }

        double derivative(int at) {
            return count == 0 ? 0 : plain(at) - shift(at);
        }

        private double plain(int at) {
            double all = positives + softplus(negatives - positives);
            return switch (pair(at)) {
                case MASKED -> 0;
                case NEGATIVE -> Math.exp(logit(at) - all);
                case POSITIVE -> {
                    double share = count == 1 ? 1 : Math.exp(logit(at) - positives);
                    yield share - 1.0 / count - share * sigmoid(negatives - positives);
                }
            };
        }
    }

    Pair pair(int i, int j) {
        if (leftOut.length > 0 && leftOut[i][j]) {
            return Pair.MASKED;
        }
        if (labels.firstImage() + i == labels.firstText() + j) {
            return Pair.POSITIVE;
        }
        if (labels.imageConcepts()[i] != labels.textConcepts()[j]) {
            return Pair.NEGATIVE;
        }
        return switch (labels.duplicates()) {
            case IGNORE -> Pair.NEGATIVE;
            case MASK -> Pair.MASKED;
            case MULTI_POSITIVE -> Pair.POSITIVE;
        };
    }

    /** In nats; a sum. */
    public double loss() {
        return loss;
    }

    /** With respect to t', the logarithm of the logit scale; a relative bias is scaled with the similarities. */
    public double logScaleGradient() {
        double sum = relative ? params.bias() * biasGradient() : 0;
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                sum += derivatives[i][j] * params.scale() * dot(images[i], texts[j]);
            }
        }
        return sum;
    }

    /** With respect to the bias of similarities that makes the bias b of the logits, {@code -b / t}. */
    public double relativeBiasGradient() {
        return -params.scale() * biasGradient();
    }

    /** With respect to b; 0 where no bias is learned. */
    public double biasGradient() {
        double sum = 0;
        for (Part part : parts) {
            sum += part.weight() * part.loss().biasGradient();
        }
        if (!parts.isEmpty() || bias == Bias.ROWS || bias == Bias.COLUMNS) {
            return sum;
        }
        for (double[] row : derivatives) {
            for (double derivative : row) {
                sum += softmax ? 0 : derivative;
            }
        }
        return sum;
    }

    /** With respect to each image row. */
    public double[][] imageGradient() {
        double[][] gradient = new double[images.length][dim()];
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                for (int k = 0; k < dim(); k++) {
                    gradient[i][k] += (params.scale() * derivatives[i][j] + bySimilarity[i][j]) * texts[j][k];
                }
            }
        }
        return gradient;
    }

    /** With respect to each text row. */
    public double[][] textGradient() {
        double[][] gradient = new double[texts.length][dim()];
        for (int i = 0; i < images.length; i++) {
            for (int j = 0; j < texts.length; j++) {
                for (int k = 0; k < dim(); k++) {
                    gradient[j][k] += (params.scale() * derivatives[i][j] + bySimilarity[i][j]) * images[i][k];
                }
            }
        }
        return gradient;
    }

    /**
     * How far the kernels may be off.
     *
     * @param tile rows of a tile
     * @param slices in how many slices the batch was cut, each of whose results was rounded to {@code float} and added
     */
    public ReferenceBounds bounds(int tile, int slices) {
        return bounds(tile, slices, new double[images.length][dim()], new double[texts.length][dim()]);
    }

    /**
     * How far the kernels may be off when the embeddings they worked on were off themselves.
     *
     * @param imageErrors of each image row: by how much each entry may differ from this reference's
     * @param textErrors of each text row
     */
    public ReferenceBounds bounds(int tile, int slices, double[][] imageErrors, double[][] textErrors) {
        return bounds(tile, slices, imageErrors, textErrors, Precision.FP32);
    }

    /** The same with products that round the gradient of a tile; what rounding does to embeddings is among their errors. */
    public ReferenceBounds bounds(
            int tile, int slices, double[][] imageErrors, double[][] textErrors, Precision tileGradient) {
        return new ReferenceBounds(this, tile, slices, imageErrors, textErrors, tileGradient);
    }

    /**
     * How far the kernels may be off with products that round.
     *
     * @param embeddings how the embeddings that this reference was given are rounded; FP32 when they were rounded before
     * @param tileGradient how the gradient of a tile is rounded
     */
    public ReferenceBounds bounds(int tile, int slices, Precision embeddings, Precision tileGradient) {
        return new ReferenceBounds(
                this, tile, slices, roundings(images, embeddings), roundings(texts, embeddings), tileGradient);
    }

    private static double[][] roundings(double[][] rows, Precision precision) {
        double[][] errors = new double[rows.length][];
        for (int i = 0; i < rows.length; i++) {
            errors[i] = new double[rows[i].length];
            for (int k = 0; k < rows[i].length; k++) {
                errors[i][k] = Math.abs(rows[i][k]) * RoundingProducts.unit(precision);
            }
        }
        return errors;
    }

    /** A matrix of {@code float}, exactly. */
    public static double[][] values(Matrix matrix) {
        double[][] values = new double[matrix.rows()][matrix.columns()];
        for (int i = 0; i < values.length; i++) {
            for (int k = 0; k < values[i].length; k++) {
                values[i][k] = matrix.get(i, k);
            }
        }
        return values;
    }

    boolean isSoftmax() {
        return softmax;
    }

    double[][] images() {
        return images;
    }

    double[][] texts() {
        return texts;
    }

    LogitParams params() {
        return params;
    }

    double logit(int i, int j) {
        return logits[i][j];
    }

    boolean isRelative() {
        return relative;
    }

    /** Of one pair. */
    double bias(int i, int j) {
        return biases[i][j];
    }

    Bias bias() {
        return bias;
    }

    List<Part> parts() {
        return parts;
    }

    double positiveWeight() {
        return positiveWeight;
    }

    /** What the square of a pair counts. */
    double spreadWeight() {
        return spreadWeight;
    }

    double bySimilarity(int i, int j) {
        return bySimilarity[i][j];
    }

    double derivative(int i, int j) {
        return derivatives[i][j];
    }

    int dim() {
        return images.length == 0 ? 0 : images[0].length;
    }

    static double softplus(double x) {
        return Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x)));
    }

    static double sigmoid(double x) {
        return 1 / (1 + Math.exp(-x));
    }

    private static double dot(double[] a, double[] b) {
        double sum = 0;
        for (int k = 0; k < a.length; k++) {
            sum += a[k] * b[k];
        }
        return sum;
    }
}
