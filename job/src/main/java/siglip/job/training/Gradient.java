package siglip.job.training;

import java.nio.FloatBuffer;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;

/** The gradient of the mean loss of one global batch, put together on the driver from the ranks' pieces. */
final class Gradient {
    private final PieceLayout layout;

    /** With respect to towers, in the order of their flat vector. */
    final float[] dense;
    /** Touched rows of the table, ascending; the first {@link #rows} count. */
    int[] ids = new int[0];
    /** With respect to those rows, rows x width. */
    float[] values = new float[0];

    int rows;
    double logScale;
    double bias;

    Gradient(PieceLayout layout) {
        this.layout = layout;
        this.dense = new float[Math.toIntExact(layout.dense().total())];
    }

    /** Takes the summed pieces of all ranks and divides by the number of pairs. */
    void assemble(Piece[] pieces, RankScalars total, int pairs) {
        rows = 0;
        for (Piece piece : pieces) {
            rows += piece.rows();
        }
        if (ids.length < rows) {
            ids = new int[rows];
            values = new float[rows * layout.width()];
        }
        int at = 0;
        for (int rank = 0; rank < pieces.length; rank++) {
            pieces[rank]
                    .dense()
                    .get(dense, layout.dense().start(rank), layout.dense().size(rank));
            int count = pieces[rank].rows();
            pieces[rank].ids().get(ids, at, count);
            FloatBuffer touched = pieces[rank].values();
            touched.get(values, at * layout.width(), count * layout.width());
            at += count;
        }
        scale(1f / pairs);
        logScale = total.sums().logScaleGradient / pairs;
        bias = total.sums().biasGradient / pairs;
    }

    /** Multiplies the gradients of towers and table, not those of t' and b. */
    void scale(float factor) {
        Chunks.each(dense.length, (from, to) -> multiply(dense, from, to, factor));
        Chunks.each(rows * layout.width(), (from, to) -> multiply(values, from, to, factor));
    }

    private static void multiply(float[] values, int from, int to, float factor) {
        for (int i = from; i < to; i++) {
            values[i] *= factor;
        }
    }

    /** Sum of squares over towers and table. */
    double squaredNorm() {
        return Chunks.sum(dense.length, (from, to) -> squares(dense, from, to))
                + Chunks.sum(rows * layout.width(), (from, to) -> squares(values, from, to));
    }

    private static double squares(float[] values, int from, int to) {
        double sum = 0;
        for (int i = from; i < to; i++) {
            sum += (double) values[i] * values[i];
        }
        return sum;
    }
}
