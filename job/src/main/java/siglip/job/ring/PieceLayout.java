package siglip.job.ring;

import java.io.Serializable;
import java.util.Arrays;
import siglip.job.order.Slices;
import siglip.kernels.blas.SparseRows;

/**
 * How a model is cut into pieces, one a rank.
 *
 * @param dense floats of the dense vector, cut into slices
 * @param table rows of the table, cut into slices by row id
 * @param width floats of a table row
 */
public record PieceLayout(Slices dense, Slices table, int width) implements Serializable {
    public static PieceLayout of(long dense, long tableRows, int width, int ranks) {
        return new PieceLayout(new Slices(dense, ranks), new Slices(tableRows, ranks), width);
    }

    int ranks() {
        return dense.ranks();
    }

    /** Bytes of memory for the piece of a rank. */
    public long bytes(int rank) {
        return Piece.bytes(dense.size(rank), table.size(rank), width);
    }

    /** Bytes of memory for one piece of each rank. */
    public long bytes() {
        return Piece.bytes(dense.total(), table.total(), width) + (ranks() - 1) * Piece.bytes(0, 0, width);
    }

    /** Memory for the piece of a rank. */
    public Piece allocate(int rank) {
        return new Piece(dense.size(rank), table.size(rank), width);
    }

    /** Those of the table's rows that lie in a rank's slice. */
    SparseRows rowsOf(SparseRows rows, int rank) {
        return rows.range(first(rows, rank), first(rows, rank + 1));
    }

    private int first(SparseRows rows, int rank) {
        int at = Arrays.binarySearch(rows.ids(), 0, rows.count(), table.start(rank));
        return at >= 0 ? at : -at - 1;
    }
}
