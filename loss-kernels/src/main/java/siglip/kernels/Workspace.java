package siglip.kernels;

import java.nio.FloatBuffer;
import java.util.Arrays;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Operand;

/** The memory in which both losses work: one tile for the products, and an array for the element-wise passes over its rows. */
final class Workspace {
    /** Floats of a tile that the passes copy at a time: 16 KiB stay in the nearest cache. */
    private static final int BAND = 4096;

    private static final int FIRST_POSITIVES = 64;

    /** Rows that are added up in {@code float}. */
    private static final int ROWS = 8;

    final int tile;
    final SpecialPairs special = new SpecialPairs();

    /** What products read, made ready for several of them. */
    Operand imageSlice = Operand.empty();

    Operand texts = Operand.empty();
    Operand gradient = Operand.empty();

    private final Matrix memory;
    private final float[] band;
    private Matrix shaped;
    private float[] positives = new float[FIRST_POSITIVES];
    private double[] imageSums = new double[0];
    private double[] textSums = new double[0];
    private float[] rows = new float[0];
    private float[] derivatives = new float[0];

    Workspace(int tile) {
        this(tile, BAND);
    }

    /** @param band floats of a tile that the passes copy at a time; a row at least */
    Workspace(int tile, int band) {
        this.tile = tile;
        memory = Matrix.allocate(tile, tile);
        shaped = memory;
        this.band = new float[Math.max(tile, band)];
    }

    /** What is done to a row of a tile: its floats are {@code values[from]} and those that follow. */
    interface RowPass {
        void of(int row, float[] values, int from);
    }

    /** Shows the rows of a tile to a pass, in order. */
    void readRows(Matrix tile, RowPass pass) {
        eachRow(tile, pass, false);
    }

    /** Lets a pass change the rows of a tile, in order. */
    void changeRows(Matrix tile, RowPass pass) {
        eachRow(tile, pass, true);
    }

    private void eachRow(Matrix tile, RowPass pass, boolean changes) {
        FloatBuffer floats = tile.floats();
        int columns = tile.columns();
        int height = band.length / columns;
        for (int first = 0; first < tile.rows(); first += height) {
            int rows = Math.min(height, tile.rows() - first);
            floats.get(first * columns, band, 0, rows * columns);
            for (int i = 0; i < rows; i++) {
                pass.of(first + i, band, i * columns);
            }
            if (changes) {
                floats.put(first * columns, band, 0, rows * columns);
            }
        }
    }

    /** Similarities of tile (i, j), and its special pairs found: the same bits every time. */
    Matrix similarities(MatrixProducts products, int i, Operand textSlice, int j) {
        int height = imageSlice.matrix().rows();
        int width = textSlice.matrix().rows();
        Matrix similarities = shaped(height, width);
        products.timesTransposed(imageSlice, textSlice, similarities, MatrixProducts.Into.OVERWRITE);
        special.tile(i * tile, height, j * tile, width);
        return similarities;
    }

    /** The tile as a matrix of another shape. */
    private Matrix shaped(int rows, int columns) {
        if (shaped.rows() != rows || shaped.columns() != columns) {
            shaped = memory.range(0, rows, columns);
        }
        return shaped;
    }

    /** Scratch for {@code count} values of positive pairs. */
    float[] positives(int count) {
        if (positives.length < count) {
            positives = new float[grown(positives.length, count)];
        }
        return positives;
    }

    /** Room for what a row of a tile adds to its derivatives. */
    float[] derivatives() {
        if (derivatives.length == 0) {
            derivatives = new float[tile];
        }
        return derivatives;
    }

    private static int grown(int length, int count) {
        return count <= length ? length : Math.max(count, 2 * length);
    }

    /** The matrix in pieces of {@code tile} rows, the last one shorter. */
    Matrix[] slices(Matrix matrix) {
        Matrix[] slices = new Matrix[(matrix.rows() + tile - 1) / tile];
        for (int i = 0; i < slices.length; i++) {
            slices[i] = matrix.rows(i * tile, Math.min(tile, matrix.rows() - i * tile));
        }
        return slices;
    }

    /** Slice {@code index} of {@link #texts}. */
    Operand textSlice(int index) {
        int rows = texts.matrix().rows();
        return texts.rows(index * tile, Math.min(tile, rows - index * tile));
    }

    /** The sum of all {@code m x n} similarities, which is the product of the sums of the rows. */
    double sumOfSimilarities(Matrix images, Matrix texts) {
        int dim = images.columns();
        if (imageSums.length < dim) {
            rows = new float[ROWS * dim];
            imageSums = new double[dim];
            textSums = new double[dim];
        }
        sumRows(images, imageSums);
        sumRows(texts, textSums);
        double sum = 0;
        for (int k = 0; k < dim; k++) {
            sum += imageSums[k] * textSums[k];
        }
        return sum;
    }

    private void sumRows(Matrix matrix, double[] sums) {
        int dim = matrix.columns();
        Arrays.fill(sums, 0, dim, 0);
        int i = 0;
        for (; i + ROWS <= matrix.rows(); i += ROWS) { // the addition to a double costs more than reading a row
            matrix.read(i * dim, rows, 0, ROWS * dim);
            for (int k = 0; k < dim; k++) {
                float first = (rows[k] + rows[dim + k]) + (rows[2 * dim + k] + rows[3 * dim + k]);
                float second = (rows[4 * dim + k] + rows[5 * dim + k]) + (rows[6 * dim + k] + rows[7 * dim + k]);
                sums[k] += first + second;
            }
        }
        for (; i < matrix.rows(); i++) {
            matrix.read(i * dim, rows, 0, dim);
            for (int k = 0; k < dim; k++) {
                sums[k] += rows[k];
            }
        }
    }

    Footprint footprint() {
        long rounded = imageSlice.roundedBytes() + texts.roundedBytes() + gradient.roundedBytes();
        return footprint(tile, rounded, band.length, positives.length, imageSums.length)
                .plus(special.footprint())
                .plus(new Footprint(0, (long) Float.BYTES * derivatives.length));
    }

    /** What it comes to with blocks of a shape. */
    static Footprint footprint(BlockShape shape) {
        long rounded = (long) shape.dims() * (shape.tileRows() + shape.texts())
                + (long) shape.tileRows() * Math.min(shape.tile(), shape.texts());
        return footprint(
                        shape.tile(),
                        shape.precision().roundedBytes(rounded),
                        Math.max(shape.tile(), BAND),
                        grown(FIRST_POSITIVES, shape.tileRows()),
                        shape.dims())
                .plus(SpecialPairs.footprint(shape));
    }

    private static Footprint footprint(int tile, long rounded, int band, int positives, int dims) {
        return new Footprint(
                (long) Float.BYTES * tile * tile + rounded,
                Float.BYTES * ((long) band + positives + (long) ROWS * dims) + 2L * Double.BYTES * dims);
    }
}
