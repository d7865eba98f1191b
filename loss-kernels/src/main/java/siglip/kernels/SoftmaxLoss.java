package siglip.kernels;

import java.util.Arrays;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.lines.LogSums;

/**
 * CLIP's softmax loss of a block of {@code m} images and {@code n} texts in two passes: log-sum-exps of rows and columns, then, when
 * those of the global batch are complete, the gradient.
 *
 * <pre>{@code
 * l[i][j] = exp(logScale) * dot(image[i], text[j])
 * loss    = 1/2 sum over rows of -(1/k) sum over the row's k positives of log softmax(row)    + the same over columns
 * g[i][j] = (softmax(row i)[j] + softmax(column j)[i]) / 2 - (1/k_i + 1/k_j) / 2 where the pair is a positive
 * }</pre>
 *
 * <p>It may share the loss with the sigmoid ({@link Loss#HYBRID}): of the two losses of a batch, each divided by N as it stands alone,
 * {@link LossOption#SOFTMAX_SHARE} says how much the softmax counts, and the sigmoid counts the rest. They share t; the bias is the sigmoid's. The second pass makes the
 * gradient of both, so the hybrid has as many products as the softmax. With {@link LossOption#LABEL_SMOOTHING}, part of the targets goes to all pairs: {@link LabelSmoothing}. {@link LossOption#VRNS_WEIGHT} adds a {@link SpreadPenalty}.
 *
 * <p>Results are <em>sums</em>: open_clip's loss is this one divided by the global batch size. Masked pairs take part in no
 * softmax. A row without positives has no target and adds nothing. Logits exist one tile at a time.
 *
 * <p><b>Accuracy.</b> The logit is off as for {@link SigmoidLoss}, without a bias. Negatives' and positives' log-sum-exps are kept apart,
 * so the derivative at a row's only positive is {@code -sigmoid(negatives - l)} and loses no relative accuracy when that is small.
 *
 * <p><b>Exponentials.</b> A pair needs one in each pass, {@code exp(l) * 2^-shift}, for its row and its column together: a common power of
 * two is exact, a common maximum would not be. A tile in which some row's or column's sum leaves the range of {@code float} is done again by
 * subtracting the maxima of rows and columns, with two exponentials a pair.
 */
public final class SoftmaxLoss {
    /** Rows whose exponentials are summed per column in {@code float} before they are added to a {@code double}. */
    private static final int ROWS_IN_FLOAT = 32;

    /** A sum of fewer than 2^13 exponentials below the first has lost less than 2^-53 of itself to terms that came out as 0. */
    private static final double LEAST_SUM = 0x1p-60;

    /** A sum below this has no term that was too large. */
    private static final double MOST_SUM = 0x1p113;

    /** Largest shift of the first pass: logits up to 120 and rows of which the largest is about 0 are then within range. */
    private static final int MOST_SHIFT = 60;

    private static final double LN_2 = Math.log(2);

    private final Tiles tiles;
    private final ElementwiseKernel kernel;
    private final Workspace workspace;
    private final float[]
            rowValues; // per row of a tile: maxima in the first pass, what the gradient needs in the second
    private final float[] columnValues; // the same per column
    private final float[] columnShifts;
    private float[] allColumnValues = new float[0]; // of a whole block
    private double[] rowLogSums = new double[0];
    private double[] columnLogSums = new double[0];
    private final float[] partialSums;
    private final LabelSmoothing smoothing;
    private final SigmoidShare sigmoid;
    private final SpreadPenalty spread;
    private final double[] rowSums;
    private final double[] columnSums;

    SoftmaxLoss(MatrixProducts products, ElementwiseKernel kernel, Workspace workspace) {
        tiles = new Tiles(products, workspace);
        this.kernel = kernel;
        this.workspace = workspace;
        rowValues = new float[workspace.tile];
        columnValues = new float[workspace.tile];
        columnShifts = new float[workspace.tile];
        partialSums = new float[workspace.tile];
        smoothing = new LabelSmoothing(workspace);
        sigmoid = new SigmoidShare(kernel);
        spread = new SpreadPenalty(kernel, workspace);
        rowSums = new double[workspace.tile];
        columnSums = new double[workspace.tile];
    }

    /**
     * First pass: adds the m x n logits of a block to the log-sum-exps of its rows and columns.
     *
     * @param rows of the images: row i of the block is its row {@code i}
     * @param columns of the texts of the global batch; the block's first text is its row {@code firstColumn}
     * @throws IllegalArgumentException if shapes, labels or sums do not fit together
     */
    public void accumulateLogSums(PairBlock pairs, LogSums rows, LogSums columns, int firstColumn) {
        LogitParams params = pairs.logits();
        check(pairs, rows, columns, firstColumn);
        tiles.each(pairs, (tile, row, column) -> {
            takeOutPositives(tile, params, rows, row, columns, firstColumn + column);
            addNegatives(tile, (float) params.scale(), rows, row, columns, firstColumn + column);
        });
    }

    static void check(PairBlock pairs, LogSums rows, LogSums columns, int firstColumn) {
        int images = pairs.images().rows();
        int texts = pairs.texts().rows();
        if (rows.lines() < images || firstColumn < 0 || columns.lines() - firstColumn < texts) {
            throw new IllegalArgumentException(
                    "Cannot keep the sums of %d images and of %d texts from column %d on in %d rows and %d columns"
                            .formatted(images, texts, firstColumn, rows.lines(), columns.lines()));
        }
    }

    private void takeOutPositives(Matrix tile, LogitParams params, LogSums rows, int row, LogSums columns, int column) {
        SpecialPairs special = workspace.special;
        for (int k = 0; k < special.positiveCount(); k++) {
            int position = special.positive(k);
            double logit = params.scale() * tile.get(position);
            rows.addPositive(row + special.rowOf(position), logit);
            columns.addPositive(column + special.columnOf(position), logit);
            tile.set(position, Float.NEGATIVE_INFINITY);
        }
        for (int k = 0; k < special.maskedCount(); k++) {
            int position = special.masked(k);
            rows.addMasked(row + special.rowOf(position));
            columns.addMasked(column + special.columnOf(position));
            tile.set(position, Float.NEGATIVE_INFINITY);
        }
    }

    private void addNegatives(Matrix tile, float scale, LogSums rows, int row, LogSums columns, int column) {
        int shift = shift(scale);
        if (!sumAtOnce(tile, scale, shift)) {
            addNegativesByMaxima(tile, scale, rows, row, columns, column);
            return;
        }
        for (int i = 0; i < tile.rows(); i++) {
            rows.addNegatives(row + i, shift * LN_2, rowSums[i]);
        }
        for (int j = 0; j < tile.columns(); j++) {
            columns.addNegatives(column + j, shift * LN_2, columnSums[j]);
        }
    }

    /** As low as keeps the logits of embeddings of length 1 within range. */
    private static int shift(float scale) {
        double octaves = Math.ceil(scale / LN_2) + 2;
        return (int) Math.min(MOST_SHIFT, Math.max(0, octaves - ElementwiseKernel.MOST_OCTAVES));
    }

    /** Sums the exponentials of rows and columns of a tile; false if one of the sums is not to be used. */
    private boolean sumAtOnce(Matrix tile, float scale, int shift) {
        int width = tile.columns();
        Arrays.fill(partialSums, 0, width, 0);
        Arrays.fill(columnSums, 0, width, 0);
        workspace.readRows(tile, (i, values, from) -> {
            rowSums[i] = kernel.addExponentials(values, from, width, scale, shift, partialSums);
            addPartialSums(tile, i);
        });
        return areWithinRange(rowSums, tile.rows()) && areWithinRange(columnSums, width);
    }

    private static boolean areWithinRange(double[] sums, int count) {
        for (int i = 0; i < count; i++) {
            if (!(sums[i] >= LEAST_SUM && sums[i] < MOST_SUM)) { // so too if it is not a number
                return false;
            }
        }
        return true;
    }

    /** After row {@code i}: every few rows, and after the last. */
    private void addPartialSums(Matrix tile, int i) {
        if (i % ROWS_IN_FLOAT != ROWS_IN_FLOAT - 1 && i != tile.rows() - 1) {
            return;
        }
        for (int j = 0; j < tile.columns(); j++) {
            columnSums[j] += partialSums[j];
            partialSums[j] = 0;
        }
    }

    private void addNegativesByMaxima(Matrix tile, float scale, LogSums rows, int row, LogSums columns, int column) {
        int width = tile.columns();
        Arrays.fill(columnValues, 0, width, Float.NEGATIVE_INFINITY);
        workspace.changeRows(
                tile, (i, values, from) -> rowValues[i] = kernel.scaleAndMax(values, from, width, scale, columnValues));
        for (int j = 0; j < width; j++) {
            columnShifts[j] = columnValues[j] == Float.NEGATIVE_INFINITY ? 0 : columnValues[j];
            partialSums[j] = 0;
            columnSums[j] = 0;
        }
        workspace.readRows(tile, (i, values, from) -> {
            if (rowValues[i] != Float.NEGATIVE_INFINITY) { // else the row has no negatives here
                double sum = kernel.addExponentials(values, from, width, rowValues[i], columnShifts, partialSums);
                rows.addNegatives(row + i, rowValues[i], sum);
            }
            addPartialSums(tile, i);
        });
        for (int j = 0; j < width; j++) {
            if (columnValues[j] != Float.NEGATIVE_INFINITY) {
                columns.addNegatives(column + j, columnValues[j], columnSums[j]);
            }
        }
    }

    /**
     * Second pass, with complete {@code rows} and {@code columns}: adds the gradients of a block, and to {@code sums} the
     * gradient of t' and the logit statistics. The loss itself comes from {@link LogSums#loss}, once per row and per column.
     *
     * @param imageGradient m x dim, added to
     * @param textGradient n x dim, added to
     * @throws IllegalArgumentException if shapes, labels or sums do not fit together
     */
    public void accumulateGradient(
            PairBlock pairs,
            LogSums rows,
            LogSums columns,
            int firstColumn,
            Matrix imageGradient,
            Matrix textGradient,
            LossSums sums) {
        LogitParams params = pairs.logits();
        int images = pairs.images().rows();
        int texts = pairs.texts().rows();
        check(pairs, rows, columns, firstColumn);
        rowLogSums = loadLogSums(rows, 0, images, rowLogSums);
        columnLogSums = loadLogSums(columns, firstColumn, texts, columnLogSums);
        SoftmaxShares shares = SoftmaxShares.of(rowLogSums, images, columnLogSums, texts);
        if (allColumnValues.length < texts) {
            allColumnValues = new float[texts];
        }
        shares.load(columnLogSums, 0, texts, allColumnValues);
        double share = pairs.form().softmaxShare();
        sigmoid.begin(1 - share, params, workspace.tile);
        smoothing.begin(pairs.form().get(LossOption.LABEL_SMOOTHING), columns.lines(), params);
        spread.begin(pairs);
        LossSums block = new LossSums();
        tiles.differentiate(pairs, imageGradient, textGradient, block, (tile, row, column) -> {
            if (column == 0) {
                shares.load(rowLogSums, row, tile.rows(), rowValues);
            }
            System.arraycopy(allColumnValues, column, columnValues, 0, tile.columns());
            pass(tile, params, share, shares, rows, row, columns, firstColumn + column, block);
        });
        sigmoid.end(block);
        spread.end(block);
        sums.add(block);
    }

    /**
     * Turns the similarities of a tile into derivatives with respect to them, and adds up what they sum to.
     *
     * @param share of the softmax in the loss
     * @param shares what the tile's {@code rowValues} and {@code columnValues} are
     */
    private void pass(
            Matrix tile,
            LogitParams params,
            double share,
            SoftmaxShares shares,
            LogSums rows,
            int row,
            LogSums columns,
            int column,
            LossSums block) {
        SpecialPairs special = workspace.special;
        float scale = (float) params.scale();
        float vanishing = (float) (shares.least() + 2 * ElementwiseKernel.LEAST_EXPONENT) / scale;
        if (!sigmoid.isNone()) {
            vanishing = Math.min(vanishing, sigmoid.vanishing());
        }
        if (!spread.isNone()) {
            vanishing = Math.min(vanishing, 2 * ElementwiseKernel.LEAST_PRESENT);
        }
        if (!smoothing.isNone()) {
            smoothing.addEven(tile, block);
        }
        int count = special.positiveCount();
        float[] positives = workspace.positives(count);
        for (int k = 0; k < count; k++) {
            int position = special.positive(k);
            double logit = params.scale() * tile.get(position);
            int ofRow = row + special.rowOf(position);
            int ofColumn = column + special.columnOf(position);
            double derivative = share
                    * 0.5
                    * (rows.derivativeAtPositive(ofRow, logit) + columns.derivativeAtPositive(ofColumn, logit));
            if (!sigmoid.isNone()) {
                derivative += sigmoid.atPositive(tile.get(position), block);
            }
            block.addGradient(LossScalar.LOG_SCALE, derivative * logit);
            if (!smoothing.isNone()) {
                derivative += smoothing.atPositive(logit, rows, ofRow, columns, ofColumn, block);
            }
            positives[k] = (float) (derivative * params.scale());
            tile.set(position, vanishing);
        }
        for (int k = 0; k < special.maskedCount(); k++) {
            tile.set(special.masked(k), vanishing);
        }
        int width = tile.columns();
        workspace.changeRows(tile, (i, values, from) -> {
            if (!sigmoid.isNone()) {
                sigmoid.take(values, from, width);
            }
            if (!spread.isNone()) {
                spread.take(values, from, width);
            }
            rowSums[i] = shares.close()
                    ? kernel.softmaxGradient(values, from, width, scale, shares.shift(), rowValues[i], columnValues)
                    : kernel.softmaxGradient(values, from, width, scale, rowValues[i], columnValues);
            if (!sigmoid.isNone()) {
                sigmoid.mix(values, from, width);
            }
            if (!smoothing.isNone()) {
                smoothing.subtract(values, from, width);
            }
            if (!spread.isNone()) {
                spread.add(values, from, width);
            }
        });
        double gradientBySimilarity = 0;
        for (int i = 0; i < tile.rows(); i++) {
            gradientBySimilarity += rowSums[i];
        }
        block.addGradient(LossScalar.LOG_SCALE, share * params.scale() * gradientBySimilarity);
        for (int k = 0; k < count; k++) {
            tile.set(special.positive(k), positives[k]);
        }
        for (int k = 0; k < special.maskedCount(); k++) {
            tile.set(special.masked(k), 0);
        }
    }

    /** A row without positives has no target, hence no gradient, hence an endless sum. */
    private static double[] loadLogSums(LogSums sums, int from, int count, double[] former) {
        double[] into = former.length < count ? new double[count] : former;
        for (int i = 0; i < count; i++) {
            into[i] = sums.positives(from + i) == 0 ? Double.POSITIVE_INFINITY : sums.logSum(from + i);
        }
        return into;
    }

    Footprint footprint() {
        return ofTile(workspace.tile)
                .plus(ofBlock(allColumnValues.length, (long) rowLogSums.length + columnLogSums.length))
                .plus(sigmoid.footprint())
                .plus(smoothing.footprint());
    }

    /** What it holds once it has worked on blocks of a shape, beside what all losses hold. */
    static Footprint footprint(BlockShape shape) {
        return ofBlock(shape.texts(), (long) shape.images() + shape.texts());
    }

    /** What it holds whether it is used or not. */
    static Footprint ofTile(int tile) {
        return new Footprint(0, tile * (4L * Float.BYTES + 2L * Double.BYTES));
    }

    private static Footprint ofBlock(int values, long logSums) {
        return new Footprint(0, (long) Float.BYTES * values + Double.BYTES * logSums);
    }
}
