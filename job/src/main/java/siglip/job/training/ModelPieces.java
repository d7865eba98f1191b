package siglip.job.training;

import java.nio.FloatBuffer;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;

/** Parameters of an arm on their way to the ranks. */
record ModelPieces(ArmState state, PieceLayout layout) {
    /** Fills the pieces with the whole model, for ranks that have nothing yet. */
    void all(Piece[] pieces) {
        for (int rank = 0; rank < pieces.length; rank++) {
            int first = layout.table().start(rank);
            int[] ids = new int[layout.table().size(rank)];
            for (int i = 0; i < ids.length; i++) {
                ids[i] = first + i;
            }
            towers(pieces[rank], rank);
            rest(pieces[rank], ids, 0, ids.length);
        }
    }

    /** Fills a rank's piece with towers, and no rows of the table: those that the rank has are as they were. */
    void towersAlone(Piece piece, int rank) {
        towers(piece, rank);
        rest(piece, new int[0], 0, 0);
    }

    private void towers(Piece piece, int rank) {
        piece.dense()
                .put(
                        state.values().dense(),
                        layout.dense().start(rank),
                        layout.dense().size(rank));
    }

    /** Fills all but the towers: the scalars, and the rows {@code ids[from]} to {@code ids[to - 1]} of the table. */
    void rest(Piece piece, int[] ids, int from, int to) {
        new DriverScalars(state.stopped().isEmpty(), state.scalars()).write(piece.scalars());
        piece.rows(to - from);
        piece.ids().put(ids, from, to - from);
        FloatBuffer values = piece.values();
        for (int i = from; i < to; i++) {
            values.put(state.values().table(), ids[i] * layout.width(), layout.width());
        }
    }
}
