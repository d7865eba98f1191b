package siglip.job.optimizer;

import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;

/** The gradient of the mean loss of one global batch, put together on the driver from the ranks' pieces. */
public final class Gradient {
    private final PieceLayout layout;

    /** With respect to towers, in the order of their flat vector. */
    public final float[] dense;
    /** Touched rows of the table, ascending; the first {@link #rows} count. */
    public int[] ids = new int[0];
    /** With respect to those rows, rows x width. */
    public float[] values = new float[0];

    public int rows;
    /** With respect to the scalars of the loss as they are learned, in their order. */
    public final double[] scalars;

    private double squaredNorm;

    /** @param scalars how many the loss has */
    public Gradient(PieceLayout layout, int scalars) {
        this.layout = layout;
        this.scalars = new double[scalars];
        this.dense = new float[Math.toIntExact(layout.dense().total())];
    }

    /** Floats of a row of the table. */
    int width() {
        return layout.width();
    }

    /**
     * Takes the summed pieces of all ranks and divides by the number of pairs.
     *
     * @param scalarSums the same sums with respect to the scalars of the loss
     */
    public void assemble(Piece[] pieces, double[] scalarSums, int pairs) {
        rows = 0;
        for (Piece piece : pieces) {
            rows += piece.rows();
        }
        if (ids.length < rows) {
            ids = new int[rows];
            values = new float[rows * width()];
        }
        float factor = 1f / pairs;
        squaredNorm = Chunks.sum(dense.length, (from, to) -> take(pieces, from, to, factor));
        int at = 0;
        for (Piece piece : pieces) {
            int count = piece.rows();
            piece.ids().get(ids, at, count);
            piece.values().get(values, at * width(), count * width());
            at += count;
        }
        Chunks.each(rows * width(), (from, to) -> multiply(values, from, to, factor));
        squaredNorm += Chunks.sum(rows * width(), (from, to) -> squares(values, from, to));
        for (int i = 0; i < scalars.length; i++) {
            scalars[i] = scalarSums[i] / pairs;
        }
    }

    /** Copies elements out of the pieces that hold them, scales them, and gives the sum of their squares: once through the memory. */
    private double take(Piece[] pieces, int from, int to, float factor) {
        for (int rank = 0; rank < pieces.length; rank++) {
            int start = layout.dense().start(rank);
            int first = Math.max(from, start);
            int last = Math.min(to, start + layout.dense().size(rank));
            if (first < last) {
                pieces[rank].dense().get(first - start, dense, first, last - first);
            }
        }
        multiply(dense, from, to, factor);
        return squares(dense, from, to);
    }

    /** Multiplies the gradients of towers and table, not that of the scalars. */
    public void scale(float factor) {
        Chunks.each(dense.length, (from, to) -> multiply(dense, from, to, factor));
        Chunks.each(rows * width(), (from, to) -> multiply(values, from, to, factor));
    }

    private static void multiply(float[] values, int from, int to, float factor) {
        for (int i = from; i < to; i++) {
            values[i] *= factor;
        }
    }

    /** Euclidean norm over towers and table, as they were assembled. */
    public double norm() {
        return Math.sqrt(squaredNorm);
    }

    /** Euclidean norm over towers, table and scalars, as they were assembled. */
    public double wholeNorm() {
        double squared = squaredNorm;
        for (double scalar : scalars) {
            squared += scalar * scalar;
        }
        return Math.sqrt(squared);
    }

    private static double squares(float[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += (double) values[i] * values[i];
        }
        return sum;
    }
}
