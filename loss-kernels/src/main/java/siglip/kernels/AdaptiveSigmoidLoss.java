package siglip.kernels;

import static siglip.kernels.ElementwiseKernel.GRADIENT_BY_SIMILARITY;
import static siglip.kernels.ElementwiseKernel.LEAST_EXPONENT;
import static siglip.kernels.ElementwiseKernel.LOSS;
import static siglip.kernels.ElementwiseKernel.SUMS;

import java.util.Arrays;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.lines.LogSums;

/**
 * SigLIP's sigmoid loss with a bias for each row and another for each column, which no one learns: the negative log-sum-exp of the line's
 * negatives in this very batch. {@link SoftmaxLoss#accumulateLogSums} is its first pass.
 *
 * <pre>{@code
 * l[i][j] = exp(logScale) * dot(image[i], text[j])
 * b[i]    = -log sum over the negatives j of row i of exp(l[i][j])            c[j] the same of column j
 * loss    = 1/2 sum over positives of softplus(-(l + b)) + 1/2 sum over negatives of softplus(l + b)    + the same with c
 * g[i][j] = (sigmoid(l + b) + sigmoid(l + c)) / 2 for negatives, -(sigmoid(-(l + b)) + sigmoid(-(l + c))) / 2 for positives
 * }</pre>
 *
 * <p>The gradient takes b and c for constants. Then the derivative at a row's only positive is exactly that of the softmax: softmax - 1. At a negative it is
 * {@code exp(l) / (exp(l) + exp(-b))} where the softmax has the exponential of the positive in the place of that of the negative itself; both
 * tend to the same where no single pair is a large share of its row. So this leads from the sigmoid to InfoNCE in its conjugate form,
 * {@code log Z = min over a of exp(-a) Z + a - 1}, which the sigmoid is, with one {@code a = -bias} for all rows, where its negatives are
 * far below 0. Like the softmax, and unlike the sigmoid, it does not change when all logits of the batch do by a constant.
 *
 * <p>Results are sums, accuracy is that of {@link SigmoidLoss} with the error of a log-sum-exp in the place of that of a bias.
 *
 * @see <a href="https://arxiv.org/abs/2303.15343">Zhai et al. 2023</a>, whose loss has one learned bias
 */
public final class AdaptiveSigmoidLoss {
    private final Tiles tiles;
    private final ElementwiseKernel kernel;
    private final Workspace workspace;
    private final double[] negativeSums = new double[SUMS];
    private float[] rowBiases = new float[0];
    private float[] columnBiases = new float[0];

    AdaptiveSigmoidLoss(MatrixProducts products, ElementwiseKernel kernel, Workspace workspace) {
        tiles = new Tiles(products, workspace);
        this.kernel = kernel;
        this.workspace = workspace;
    }

    /**
     * Second pass, with complete {@code rows} and {@code columns}: adds the loss and the gradients of a block.
     *
     * @param rows of the images: row i of the block is its row {@code i}
     * @param columns of the texts of the global batch; the block's first text is its row {@code firstColumn}
     * @param imageGradient m x dim, added to
     * @param textGradient n x dim, added to
     * @throws IllegalArgumentException if shapes, labels or sums do not fit together
     */
    public void accumulate(
            PairBlock pairs,
            LogSums rows,
            LogSums columns,
            int firstColumn,
            Matrix imageGradient,
            Matrix textGradient,
            LossSums sums) {
        SoftmaxLoss.check(pairs, rows, columns, firstColumn);
        LogitParams params = pairs.logits();
        rowBiases = grown(rowBiases, pairs.images().rows());
        columnBiases = grown(columnBiases, pairs.texts().rows());
        double most = Math.max(
                load(rows, 0, pairs.images().rows(), rowBiases),
                load(columns, firstColumn, pairs.texts().rows(), columnBiases));
        float vanishing = (float) ((2 * LEAST_EXPONENT - most) / params.scale());
        Arrays.fill(negativeSums, 0);
        LossSums block = new LossSums();
        tiles.differentiate(pairs, imageGradient, textGradient, block, (tile, firstRow, column) -> {
            SpecialPairs special = workspace.special;
            int count = special.positiveCount();
            float[] positives = workspace.positives(count);
            for (int k = 0; k < count; k++) {
                int position = special.positive(k);
                double logit = params.scale() * tile.get(position);
                double derivative = 0.5
                        * (atPositive(logit, rows.negativeLogSum(firstRow + special.rowOf(position)), block)
                                + atPositive(
                                        logit,
                                        columns.negativeLogSum(firstColumn + column + special.columnOf(position)),
                                        block));
                block.addGradient(LossScalar.LOG_SCALE, derivative * logit);
                positives[k] = (float) (derivative * params.scale());
                tile.set(position, vanishing);
            }
            for (int k = 0; k < special.maskedCount(); k++) {
                tile.set(special.masked(k), vanishing);
            }
            int width = tile.columns();
            workspace.changeRows(
                    tile,
                    (i, values, from) -> kernel.sigmoid(
                            values,
                            from,
                            width,
                            (float) params.scale(),
                            rowBiases[firstRow + i],
                            columnBiases,
                            column,
                            negativeSums));
            for (int k = 0; k < count; k++) {
                tile.set(special.positive(k), positives[k]);
            }
            for (int k = 0; k < special.maskedCount(); k++) {
                tile.set(special.masked(k), 0);
            }
        });
        block.loss += negativeSums[LOSS];
        block.addGradient(LossScalar.LOG_SCALE, params.scale() * negativeSums[GRADIENT_BY_SIMILARITY]);
        sums.add(block);
    }

    private static float[] grown(float[] values, int count) {
        return values.length < count ? new float[count] : values;
    }

    /** Biases of lines; 0 where a line has no negatives, hence nothing to add it to. Gives the largest, at least 0. */
    private static double load(LogSums lines, int from, int count, float[] into) {
        double most = 0;
        for (int i = 0; i < count; i++) {
            double logSum = lines.negativeLogSum(from + i);
            double bias = logSum == Double.NEGATIVE_INFINITY ? 0 : -logSum;
            into[i] = (float) bias;
            most = Math.max(most, bias);
        }
        return most;
    }

    /** Adds half the loss of a positive with the bias of one line, and gives its derivative. */
    private static double atPositive(double logit, double negativeLogSum, LossSums block) {
        double l = logit - negativeLogSum;
        block.loss += 0.5 * LogSums.softplus(-l);
        return -1 / (1 + Math.exp(l));
    }

    Footprint footprint() {
        return footprint((long) rowBiases.length + columnBiases.length);
    }

    /** What it holds once it has worked on blocks of a shape. */
    static Footprint footprint(BlockShape shape) {
        return footprint((long) shape.images() + shape.texts());
    }

    private static Footprint footprint(long values) {
        return new Footprint(0, Float.BYTES * values);
    }
}
