package siglip.kernels;

import static siglip.kernels.ElementwiseKernel.GRADIENT;
import static siglip.kernels.ElementwiseKernel.GRADIENT_BY_SIMILARITY;
import static siglip.kernels.ElementwiseKernel.LEAST_EXPONENT;
import static siglip.kernels.ElementwiseKernel.LOSS;
import static siglip.kernels.ElementwiseKernel.SUMS;

import java.util.Arrays;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.MatrixProducts.Into;
import siglip.kernels.blas.Operand;

/**
 * The SigLIP sigmoid loss of a block of {@code m} images and {@code n} texts, and its gradient.
 *
 * <pre>{@code
 * l[i][j] = exp(logScale) * dot(image[i], text[j]) + bias
 * loss    = w * sum over positives of softplus(-l) + sum over negatives of softplus(l)
 * g[i][j] = -w * sigmoid(-l) for positives, sigmoid(l) for negatives, 0 for masked pairs
 * }</pre>
 *
 * <p>The weight w of the positives ({@link LossOption#POSITIVE_WEIGHT}) is 1 in the paper, which leaves one positive against N - 1 negatives of
 * an image. PyTorch knows it as {@code pos_weight} of {@code binary_cross_entropy_with_logits}.
 *
 * <p>{@link Loss#SIGMOID_RELATIVE} learns a relative bias r instead, {@code l = exp(logScale) * (dot - r)}: to the kernel it is the bias
 * {@code -exp(logScale) * r}, and gradients follow by the chain rule: {@code dr = -exp(logScale) * sum g},
 * {@code dlogScale = sum g * l}.
 *
 * <p>Where the form says so, part of the negatives counts alone ({@link LossOption#CHOICES}); the others are treated as masked pairs are, and nothing is scaled for what is
 * missing, as in section 4.8 of the paper. {@link LossOption#VRNS_WEIGHT} adds a {@link SpreadPenalty} of the negatives that count.
 *
 * <p>Results are <em>sums</em>, so blocks of any shape add up; the job divides once, by the global batch size. Logits exist one tile
 * at a time: live memory beyond the operands is O(tile²), whatever m and n. Positives are never computed as a negative
 * and a correction, which would cancel.
 *
 * <p><b>Accuracy.</b> Similarities, elementary functions and gradients of tiles are {@code float}, sums over rows {@code double}. The
 * logit is off by at most {@code d = g * (exp(logScale) * sum_k |image[i][k] * text[j][k]| + |bias|)}, with
 * {@code g = n * u / (1 - n * u)}, {@code u = 2^-24} and {@code n = dim + 6}; the loss of a pair, and its derivative, therefore by at most
 * {@code exp(d) * (1 + e) - 1} of its value, with {@code e} = {@link ElementwiseKernel#RELATIVE_ERROR}. The tests hold each result to
 * what follows from that.
 *
 * <p>Products in bf16 round images, texts and the gradient of a tile, once each, and nothing else. The bounds above then hold of the rounded
 * embeddings, and each term of an embedding's gradient has a relative error of {@code v = 2^-8} more. Of the embeddings as they were
 * given, a logit is off by {@code exp(logScale) * (2 v + v * v) * sum_k |image[i][k] * text[j][k]|} more at worst, and in the root mean square by at
 * most {@code exp(logScale) * v * sqrt(2/3 * sum_k (image[i][k] * text[j][k])^2)}: for random directions
 * {@code exp(logScale) * v * sqrt(2 / (3 * dim))}, which at scale 100 and 512 dims is 0.014. Live memory is then {@code 2 n * dim} bytes more.
 *
 * @see <a href="https://arxiv.org/abs/2509.18552">Bangachev et al. 2025</a>, the loss with relative bias
 * @see <a href="https://arxiv.org/abs/2303.15343">Zhai et al. 2023</a>, Algorithm 1. The sign of {@code b} is that of the algorithm;
 *     the formula printed in section 3.2 has it reversed.
 */
public final class SigmoidLoss {
    private final MatrixProducts products;
    private final ElementwiseKernel kernel;
    private final Workspace workspace;
    private final NegativeChoice choice;
    private final SpreadPenalty spread;
    private final double[] negativeSums = new double[SUMS];
    private final double[] positiveSums = new double[SUMS];

    SigmoidLoss(MatrixProducts products, ElementwiseKernel kernel, Workspace workspace) {
        this.products = products;
        this.kernel = kernel;
        this.workspace = workspace;
        choice = new NegativeChoice(kernel, workspace.tile);
        spread = new SpreadPenalty(kernel, workspace);
    }

    /**
     * Adds the loss of all m x n pairs of a block to {@code sums}, and the gradients to {@code imageGradient} and {@code textGradient}.
     *
     * @param imageGradient m x dim, added to
     * @param textGradient n x dim, added to
     * @throws IllegalArgumentException if shapes do not fit together, or if the scale is not usable as a {@code float}
     */
    public void accumulate(PairBlock pairs, Matrix imageGradient, Matrix textGradient, LossSums sums) {
        LogitParams params = pairs.logits();
        pairs.checkGradients(imageGradient, textGradient);
        double weight = pairs.form().get(LossOption.POSITIVE_WEIGHT);
        LossSums block = new LossSums();
        Arrays.fill(negativeSums, 0);
        Arrays.fill(positiveSums, 0);
        choice.begin(pairs);
        spread.begin(pairs);
        workspace.special.block(pairs.labels());
        Matrix[] imageSlices = workspace.slices(pairs.images());
        Matrix[] imageGradients = workspace.slices(imageGradient);
        workspace.texts = products.prepare(pairs.texts(), workspace.texts);
        Matrix[] textGradients = workspace.slices(textGradient);
        double maskedLogits = 0;
        long masked = 0;
        for (int i = 0; i < imageSlices.length; i++) {
            workspace.imageSlice = products.prepare(imageSlices[i], workspace.imageSlice);
            for (int j = 0; j < textGradients.length; j++) {
                Operand textSlice = workspace.textSlice(j);
                Matrix tile = workspace.similarities(products, i, textSlice, j);
                maskedLogits += maskedLogits(tile, params);
                masked += workspace.special.maskedCount();
                choice.columns(j * workspace.tile, tile.columns());
                pass(tile, i * workspace.tile, params, weight, block);
                workspace.gradient = products.prepare(tile, workspace.gradient);
                products.times(workspace.gradient, textSlice, imageGradients[i], Into.ADD);
                products.transposedTimes(workspace.gradient, workspace.imageSlice, textGradients[j], Into.ADD);
            }
        }
        long all = (long) pairs.images().rows() * pairs.texts().rows();
        block.loss = negativeSums[LOSS] + weight * positiveSums[LOSS];
        spread.end(block);
        double byBias = negativeSums[GRADIENT] - weight * positiveSums[GRADIENT];
        double byLogScale =
                params.scale() * (negativeSums[GRADIENT_BY_SIMILARITY] - weight * positiveSums[GRADIENT_BY_SIMILARITY]);
        if (pairs.form().loss().has(LossScalar.RELATIVE_BIAS)) { // the bias of the logits is -scale * relative bias
            block.addGradient(LossScalar.RELATIVE_BIAS, -params.scale() * byBias);
            block.addGradient(LossScalar.LOG_SCALE, byLogScale + params.bias() * byBias);
        } else {
            block.addGradient(LossScalar.BIAS, byBias);
            block.addGradient(LossScalar.LOG_SCALE, byLogScale);
        }
        block.negatives = all - block.positives - masked;
        block.negativeLogits = params.scale() * workspace.sumOfSimilarities(pairs.images(), pairs.texts())
                + params.bias() * all
                - block.positiveLogits
                - maskedLogits;
        if (!choice.isAll()) {
            block.negatives = choice.kept();
            block.negativeLogits = params.scale() * choice.similarities() + params.bias() * choice.kept();
        }
        sums.add(block);
    }

    private double maskedLogits(Matrix tile, LogitParams params) {
        double sum = 0;
        for (int k = 0; k < workspace.special.maskedCount(); k++) {
            sum += params.scale() * tile.get(workspace.special.masked(k)) + params.bias();
        }
        return sum;
    }

    /** Turns the similarities of a tile into derivatives with respect to them, and adds up what they sum to. */
    private void pass(Matrix tile, int firstRow, LogitParams params, double weight, LossSums block) {
        SpecialPairs special = workspace.special;
        float scale = (float) params.scale();
        float bias = (float) params.bias();
        int count = special.positiveCount();
        float[] positives = workspace.positives(count);
        float vanishing = // a similarity that adds nothing to any sum
                Math.min((2 * LEAST_EXPONENT - bias) / scale, 2 * ElementwiseKernel.LEAST_PRESENT);
        for (int k = 0; k < count; k++) {
            float similarity = tile.get(special.positive(k));
            positives[k] = similarity;
            tile.set(special.positive(k), vanishing);
            block.addPositive(params.scale() * similarity + params.bias());
        }
        for (int k = 0; k < special.maskedCount(); k++) {
            tile.set(special.masked(k), vanishing);
        }
        int columns = tile.columns();
        workspace.changeRows(tile, (row, values, from) -> {
            if (!choice.isAll()) {
                choice.apply(values, from, columns, firstRow + row, vanishing);
            }
            if (!spread.isNone()) {
                spread.take(values, from, columns);
            }
            kernel.sigmoid(values, from, columns, scale, bias, negativeSums);
            if (!spread.isNone()) {
                spread.add(values, from, columns);
            }
        });
        for (int k = 0; k < count; k += workspace.tile) { // no longer than a row: the sum of one call is a float's
            kernel.sigmoid(positives, k, Math.min(workspace.tile, count - k), -scale, -bias, positiveSums);
        }
        for (int k = 0; k < count; k++) {
            tile.set(special.positive(k), (float) weight * positives[k]);
        }
        for (int k = 0; k < special.maskedCount(); k++) {
            tile.set(special.masked(k), 0);
        }
    }

    /** What it holds beside the working memory of all losses. */
    Footprint footprint() {
        return choice.footprint();
    }
}
