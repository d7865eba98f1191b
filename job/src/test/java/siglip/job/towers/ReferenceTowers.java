package siglip.job.towers;

import static siglip.job.towers.BoundedRows.U;
import static siglip.job.towers.BoundedRows.gamma;

import java.util.Arrays;
import siglip.job.batches.Batch;
import siglip.job.features.TokenBags;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.Precision;

/**
 * Both towers on one batch in plain double arithmetic: embeddings, and gradients of the parameters, each with a bound of how far a float
 * computation may be off. Covers what the fast path covers: chains of dense layers, the bag's sum, input dropout, the normalisation.
 */
public final class ReferenceTowers {
    private final ModelSpec spec;
    private final Batch batch;
    private final double[] table;
    private final ReferenceTower image;
    private final ReferenceTower text;
    private final double[][] textMask;

    /** Training: with input dropout. */
    public static ReferenceTowers forward(ModelSpec spec, Parameters parameters, Batch batch, long seed, long step) {
        return forward(spec, parameters, batch, seed, step, Precision.FP32);
    }

    /** Training with products that read their operands in a precision: the same values, with other bounds. */
    public static ReferenceTowers forward(
            ModelSpec spec, Parameters parameters, Batch batch, long seed, long step, Precision precision) {
        return forward(spec, doubles(parameters.dense()), doubles(parameters.table()), batch, seed, step, precision);
    }

    /** As above, on parameters in double, for finite differences. */
    public static ReferenceTowers forward(
            ModelSpec spec, double[] dense, double[] table, Batch batch, long seed, long step) {
        return forward(spec, dense, table, batch, seed, step, Precision.FP32);
    }

    private static ReferenceTowers forward(
            ModelSpec spec, double[] dense, double[] table, Batch batch, long seed, long step, Precision precision) {
        int n = batch.rows();
        return new ReferenceTowers(
                spec,
                dense,
                table,
                batch,
                mask(spec.image(), 1, n, batch, seed, step),
                mask(spec.text(), 2, n, batch, seed, step),
                precision);
    }

    /** Without dropout. */
    public static ReferenceTowers embed(ModelSpec spec, Parameters parameters, Batch batch) {
        return new ReferenceTowers(
                spec,
                doubles(parameters.dense()),
                doubles(parameters.table()),
                batch,
                ones(batch.rows(), spec.image().in()),
                ones(batch.rows(), spec.text().in()),
                Precision.FP32);
    }

    private ReferenceTowers(
            ModelSpec spec,
            double[] dense,
            double[] table,
            Batch batch,
            double[][] imageMask,
            double[][] textMask,
            Precision precision) {
        this.spec = spec;
        this.batch = batch;
        this.table = table;
        this.textMask = textMask;
        int split = spec.layout().imageParameters();
        BoundedRows images = BoundedRows.exact(batch.images(), batch.rows());
        BoundedRows texts = spec.shape().textIsTokens() ? bagSums() : BoundedRows.exact(batch.texts(), batch.rows());
        image = new ReferenceTower(
                spec.image().chain(), Arrays.copyOfRange(dense, 0, split), masked(images, imageMask), precision);
        text = new ReferenceTower(
                spec.text().chain(),
                Arrays.copyOfRange(dense, split, dense.length),
                masked(texts, textMask),
                precision);
    }

    /** n x d, with bounds. */
    public BoundedRows images() {
        return image.embeddings();
    }

    /** n x d, with bounds. */
    public BoundedRows texts() {
        return text.embeddings();
    }

    /**
     * @param dense 1 x P
     * @param table tableRows x tableWidth, zeros in rows that the batch does not touch
     */
    public record Gradient(BoundedRows dense, BoundedRows table) {}

    /** Gradient of a sum whose gradient with respect to the embeddings is given, with its own bounds of error. */
    public Gradient backward(BoundedRows imageGradient, BoundedRows textGradient) {
        ReferenceTower.Backward throughImage = image.backward(imageGradient);
        ReferenceTower.Backward throughText = text.backward(textGradient);
        BoundedRows dense = new BoundedRows(
                new double[][] {
                    join(
                            throughImage.parameters().value()[0],
                            throughText.parameters().value()[0])
                },
                new double[][] {
                    join(
                            throughImage.parameters().error()[0],
                            throughText.parameters().error()[0])
                });
        return new Gradient(dense, tableGradient(masked(throughText.input(), textMask)));
    }

    private BoundedRows bagSums() {
        int width = spec.layout().tableWidth();
        TokenBags bags = batch.tokens();
        BoundedRows sums = BoundedRows.zeros(batch.rows(), width);
        for (int i = 0; i < batch.rows(); i++) {
            for (int k = 0; k < width; k++) {
                double absolute = 0;
                for (int t = bags.start(i); t < bags.end(i); t++) {
                    double entry = table[bags.tokens()[t] * width + k];
                    sums.value()[i][k] += entry;
                    absolute += Math.abs(entry);
                }
                sums.error()[i][k] = gamma(bags.end(i) - bags.start(i)) * absolute;
            }
        }
        return sums;
    }

    private BoundedRows tableGradient(BoundedRows inputGradient) {
        int rows = spec.layout().tableRows();
        int width = spec.layout().tableWidth();
        BoundedRows gradient = BoundedRows.zeros(rows, width);
        int[] uses = new int[rows];
        double[][] absolute = new double[rows][width];
        TokenBags bags = batch.tokens();
        for (int i = 0; rows > 0 && i < batch.rows(); i++) {
            for (int t = bags.start(i); t < bags.end(i); t++) {
                int id = bags.tokens()[t];
                uses[id]++;
                for (int k = 0; k < width; k++) {
                    gradient.value()[id][k] += inputGradient.value()[i][k];
                    gradient.error()[id][k] += inputGradient.error()[i][k];
                    absolute[id][k] += Math.abs(inputGradient.value()[i][k])
                            + inputGradient.error()[i][k];
                }
            }
        }
        for (int id = 0; id < rows; id++) {
            for (int k = 0; k < width; k++) {
                gradient.error()[id][k] += gamma(uses[id]) * absolute[id][k];
            }
        }
        return gradient;
    }

    /** Times 0, 1 or the factor 1/(1 - share), which is itself rounded, as is the product. */
    private static BoundedRows masked(BoundedRows rows, double[][] mask) {
        BoundedRows masked = BoundedRows.zeros(rows.rows(), rows.rows() == 0 ? 0 : mask[0].length);
        for (int i = 0; i < rows.rows(); i++) {
            for (int k = 0; k < mask[i].length; k++) {
                double factor = mask[i][k];
                masked.value()[i][k] = factor * rows.value()[i][k];
                masked.error()[i][k] = factor * rows.error()[i][k]
                        + (factor == 1 ? 0 : 2.1 * U * factor * (Math.abs(rows.value()[i][k]) + rows.error()[i][k]));
            }
        }
        return masked;
    }

    /** Written from the formula in {@link InputDropout}'s documentation, not from its code. */
    private static double[][] mask(TowerPlan plan, int tower, int rows, Batch batch, long seed, long step) {
        double[][] mask = new double[rows][plan.in()];
        long gamma = 0x9E3779B97F4A7C15L;
        for (int i = 0; i < rows; i++) {
            long key = splitMix(splitMix(splitMix(seed + tower * gamma) + step) + batch.ids()[i]);
            for (int k = 0; k < plan.in(); k++) {
                long bits = splitMix(key + (k / 2 + 1) * gamma);
                long u = k % 2 == 0 ? bits & 0xFFFFFFFFL : bits >>> 32;
                mask[i][k] = u >= Math.round(plan.inputDropout() * 0x1p32) ? 1 / (1 - plan.inputDropout()) : 0;
            }
        }
        return mask;
    }

    private static long splitMix(long z) {
        long a = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
        long b = (a ^ (a >>> 27)) * 0x94D049BB133111EBL;
        return b ^ (b >>> 31);
    }

    private static double[][] ones(int rows, int width) {
        double[][] ones = new double[rows][width];
        for (double[] row : ones) {
            Arrays.fill(row, 1);
        }
        return ones;
    }

    static double[] doubles(Matrix matrix) {
        double[] values = new double[matrix.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = matrix.floats().get(i);
        }
        return values;
    }

    private static double[] join(double[] a, double[] b) {
        double[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }
}
