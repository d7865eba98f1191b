package siglip.kernels;

import java.util.Arrays;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.MatrixProducts.Into;
import siglip.kernels.blas.Operand;

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
 * <p>Results are <em>sums</em>: open_clip's loss is this one divided by the global batch size. Masked pairs take part in no
 * softmax. A row without positives has no target and adds nothing. Logits exist one tile at a time.
 *
 * <p><b>Accuracy.</b> The logit is off as for {@link SigmoidLoss}, without a bias. Negatives' and positives' log-sum-exps are kept apart,
 * so the derivative at a row's only positive is {@code -sigmoid(negatives - l)} and loses no relative accuracy when that is small.
 */
public final class SoftmaxLoss {
    /** Rows whose exponentials are summed per column in {@code float} before they are added to a {@code double}. */
    private static final int ROWS_IN_FLOAT = 32;

    private final MatrixProducts products;
    private final ElementwiseKernel kernel;
    private final Workspace workspace;
    private final float[] rowValues; // per row of a tile: maxima in the first pass, log-sum-exps in the second
    private final float[] columnValues; // the same per column
    private final float[] columnShifts;
    private float[] columnLogSums = new float[0]; // of a whole block
    private final float[] partialSums;
    private final double[] columnSums;

    SoftmaxLoss(MatrixProducts products, ElementwiseKernel kernel, Workspace workspace) {
        this.products = products;
        this.kernel = kernel;
        this.workspace = workspace;
        rowValues = new float[workspace.tile];
        columnValues = new float[workspace.tile];
        columnShifts = new float[workspace.tile];
        partialSums = new float[workspace.tile];
        columnSums = new double[workspace.tile];
    }

    /**
     * First pass: adds the m x n logits of a block to the log-sum-exps of its rows and columns.
     *
     * @param images m x dim
     * @param texts n x dim
     * @param rows of the images: row i of the block is its row {@code i}
     * @param columns of the texts of the global batch; the block's first text is its row {@code firstColumn}
     * @throws IllegalArgumentException if shapes, labels or sums do not fit together
     */
    public void accumulateLogSums(
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            LogSums rows,
            LogSums columns,
            int firstColumn) {
        check(images, texts, labels, params, rows, columns, firstColumn);
        workspace.exceptions.block(labels);
        Matrix[] imageSlices = workspace.slices(images);
        int textSlices = (texts.rows() + workspace.tile - 1) / workspace.tile;
        workspace.texts = products.prepare(texts, workspace.texts);
        for (int i = 0; i < imageSlices.length; i++) {
            workspace.imageSlice = products.prepare(imageSlices[i], workspace.imageSlice);
            for (int j = 0; j < textSlices; j++) {
                Matrix tile = loadSimilarities(i, workspace.textSlice(j), j);
                int height = tile.rows();
                int width = tile.columns();
                int row = i * workspace.tile;
                int column = firstColumn + j * workspace.tile;
                takeOutPositives(params, rows, row, columns, column);
                addNegatives((float) params.scale(), rows, row, height, columns, column, width);
            }
        }
    }

    private static void check(
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            LogSums rows,
            LogSums columns,
            int firstColumn) {
        Workspace.check(images, texts, labels, params);
        if (rows.rows() < images.rows() || firstColumn < 0 || columns.rows() - firstColumn < texts.rows()) {
            throw new IllegalArgumentException(
                    "Cannot keep the sums of %d images and of %d texts from column %d on in %d rows and %d columns"
                            .formatted(images.rows(), texts.rows(), firstColumn, rows.rows(), columns.rows()));
        }
    }

    /** Similarities of tile (i, j) into the workspace's array, and its exceptions found. Both passes see the same bits. */
    private Matrix loadSimilarities(int i, Operand textSlice, int j) {
        int height = workspace.imageSlice.matrix().rows();
        int width = textSlice.matrix().rows();
        Matrix tile = workspace.shaped(height, width);
        products.timesTransposed(workspace.imageSlice, textSlice, tile, Into.OVERWRITE);
        tile.read(0, workspace.values, 0, height * width);
        workspace.exceptions.tile(i * workspace.tile, height, j * workspace.tile, width);
        return tile;
    }

    private void takeOutPositives(LogitParams params, LogSums rows, int row, LogSums columns, int column) {
        TileExceptions exceptions = workspace.exceptions;
        for (int k = 0; k < exceptions.positiveCount(); k++) {
            int position = exceptions.positive(k);
            double logit = params.scale() * workspace.values[position];
            rows.addPositive(row + exceptions.rowOf(position), logit);
            columns.addPositive(column + exceptions.columnOf(position), logit);
            workspace.values[position] = Float.NEGATIVE_INFINITY;
        }
        for (int k = 0; k < exceptions.maskedCount(); k++) {
            workspace.values[exceptions.masked(k)] = Float.NEGATIVE_INFINITY;
        }
    }

    private void addNegatives(float scale, LogSums rows, int row, int height, LogSums columns, int column, int width) {
        float[] values = workspace.values;
        Arrays.fill(columnValues, 0, width, Float.NEGATIVE_INFINITY);
        for (int i = 0; i < height; i++) {
            rowValues[i] = kernel.scaleAndMax(values, i * width, width, scale, columnValues);
        }
        for (int j = 0; j < width; j++) {
            columnShifts[j] = columnValues[j] == Float.NEGATIVE_INFINITY ? 0 : columnValues[j];
            partialSums[j] = 0;
            columnSums[j] = 0;
        }
        for (int i = 0; i < height; i++) {
            if (rowValues[i] != Float.NEGATIVE_INFINITY) { // else the row has no negatives here
                double sum = kernel.addExponentials(values, i * width, width, rowValues[i], columnShifts, partialSums);
                rows.addNegatives(row + i, rowValues[i], sum);
            }
            if (i % ROWS_IN_FLOAT == ROWS_IN_FLOAT - 1 || i == height - 1) {
                for (int j = 0; j < width; j++) {
                    columnSums[j] += partialSums[j];
                    partialSums[j] = 0;
                }
            }
        }
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
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            LogSums rows,
            LogSums columns,
            int firstColumn,
            Matrix imageGradient,
            Matrix textGradient,
            LossSums sums) {
        check(images, texts, labels, params, rows, columns, firstColumn);
        Workspace.checkGradients(images, texts, imageGradient, textGradient);
        LossSums block = new LossSums();
        workspace.exceptions.block(labels);
        Matrix[] imageSlices = workspace.slices(images);
        Matrix[] imageGradients = workspace.slices(imageGradient);
        workspace.texts = products.prepare(texts, workspace.texts);
        Matrix[] textGradients = workspace.slices(textGradient);
        long masked = 0;
        double maskedLogits = 0;
        if (columnLogSums.length < texts.rows()) {
            columnLogSums = new float[texts.rows()];
        }
        float leastOfColumns = loadLogSums(columns, firstColumn, texts.rows(), columnLogSums);
        for (int i = 0; i < imageSlices.length; i++) {
            workspace.imageSlice = products.prepare(imageSlices[i], workspace.imageSlice);
            float leastOfRows = loadLogSums(rows, i * workspace.tile, imageSlices[i].rows(), rowValues);
            for (int j = 0; j < textGradients.length; j++) {
                Operand textSlice = workspace.textSlice(j);
                Matrix tile = loadSimilarities(i, textSlice, j);
                masked += workspace.exceptions.maskedCount();
                for (int k = 0; k < workspace.exceptions.maskedCount(); k++) {
                    maskedLogits += params.scale() * workspace.values[workspace.exceptions.masked(k)];
                }
                int row = i * workspace.tile;
                int column = firstColumn + j * workspace.tile;
                System.arraycopy(columnLogSums, j * workspace.tile, columnValues, 0, tile.columns());
                float least = Math.min(leastOfRows, leastOfColumns);
                pass(tile.rows(), tile.columns(), params, least, rows, row, columns, column, block);
                tile.write(0, workspace.values, 0, tile.size());
                workspace.gradient = products.prepare(tile, workspace.gradient);
                products.times(workspace.gradient, textSlice, imageGradients[i], Into.ADD);
                products.transposedTimes(workspace.gradient, workspace.imageSlice, textGradients[j], Into.ADD);
            }
        }
        block.negatives = (long) images.rows() * texts.rows() - block.positives - masked;
        block.negativeLogits =
                params.scale() * workspace.sumOfSimilarities(images, texts) - block.positiveLogits - maskedLogits;
        sums.add(block);
    }

    /**
     * Turns the similarities of a tile into derivatives with respect to them, and adds up what they sum to.
     *
     * @param least no more than any log-sum-exp of the tile's rows and columns, which lie in {@code rowValues} and {@code columnValues}
     */
    private void pass(
            int height,
            int width,
            LogitParams params,
            float least,
            LogSums rows,
            int row,
            LogSums columns,
            int column,
            LossSums block) {
        float[] values = workspace.values;
        TileExceptions exceptions = workspace.exceptions;
        float scale = (float) params.scale();
        float vanishing = (least + 2 * ElementwiseKernel.LEAST_EXPONENT) / scale;
        int count = exceptions.positiveCount();
        float[] positives = workspace.positives(count);
        for (int k = 0; k < count; k++) {
            int position = exceptions.positive(k);
            double logit = params.scale() * values[position];
            double derivative = 0.5
                    * (rows.derivativeAtPositive(row + exceptions.rowOf(position), logit)
                            + columns.derivativeAtPositive(column + exceptions.columnOf(position), logit));
            block.addPositive(logit);
            block.logScaleGradient += derivative * logit;
            positives[k] = (float) (derivative * params.scale());
            values[position] = vanishing;
        }
        for (int k = 0; k < exceptions.maskedCount(); k++) {
            values[exceptions.masked(k)] = vanishing;
        }
        double gradientBySimilarity = 0;
        for (int i = 0; i < height; i++) {
            gradientBySimilarity += kernel.softmaxGradient(values, i * width, width, scale, rowValues[i], columnValues);
        }
        block.logScaleGradient += params.scale() * gradientBySimilarity;
        for (int k = 0; k < count; k++) {
            values[exceptions.positive(k)] = positives[k];
        }
        for (int k = 0; k < exceptions.maskedCount(); k++) {
            values[exceptions.masked(k)] = 0;
        }
    }

    /**
     * Log-sum-exps as {@code float}; a row without positives has no target, hence no gradient, hence an endless sum.
     *
     * @return the least of those that have a target; 0 if there is none
     */
    private static float loadLogSums(LogSums sums, int from, int count, float[] into) {
        float least = Float.POSITIVE_INFINITY;
        for (int i = 0; i < count; i++) {
            if (sums.positives(from + i) == 0) {
                into[i] = Float.MAX_VALUE;
            } else {
                into[i] = (float) sums.logSum(from + i);
                least = Math.min(least, into[i]);
            }
        }
        return least == Float.POSITIVE_INFINITY ? 0 : least;
    }

    long workingBytes() {
        return (long) workspace.tile * (4 * Float.BYTES + Double.BYTES) + (long) Float.BYTES * columnLogSums.length;
    }
}
