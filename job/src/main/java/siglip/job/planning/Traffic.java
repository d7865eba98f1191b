package siglip.job.planning;

import siglip.job.config.LossSettings.Kind;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;
import siglip.kernels.LogSums;

/**
 * Bytes of blocks that leave in one step; headers and control messages, some hundred bytes a message, are not counted.
 *
 * @param ring sent to other ranks while the loss is computed
 * @param ringMessages of those
 * @param reduce sent after it, to other ranks and to the driver: pieces of gradient and parameters
 * @param reduceMessages of those
 * @param driver sent by the driver, and as many received
 */
public record Traffic(long ring, long ringMessages, long reduce, long reduceMessages, long driver) {
    private static final int ROW_BYTES = LogSums.FIELDS * Double.BYTES;

    /** Of one rank, if a batch touches as many rows of the table as there are, or as the tokens of all its pairs. */
    static Traffic of(Workload work, Kind kind, int rank) {
        long ring = 0;
        int ranks = work.ranks();
        for (int phase = 0; phase < ranks; phase++) {
            long rows = work.rows().size(Math.floorMod(rank - phase, ranks));
            ring += phase < ranks - 1 ? Float.BYTES * rows * (work.width() + 1) : 0; // texts with their concept ids
            ring += phase > 0 ? Float.BYTES * rows * work.width() : 0; // gradients of texts
        }
        long ringMessages = 2L * (ranks - 1);
        if (kind == Kind.SOFTMAX) {
            long own = work.rows().size(rank);
            ring += ROW_BYTES * (work.rows().total() - own + (ranks - 1) * own);
            ringMessages += 2L * (ranks - 1);
        }
        PieceLayout pieces = work.pieces();
        long reduce = piece(work, pieces, rank, work.rows().total()); // the sum, to the driver
        long driver = 0;
        for (int peer = 0; peer < ranks; peer++) {
            driver += piece(work, pieces, peer, work.rows().total());
            if (peer != rank) {
                reduce += piece(work, pieces, peer, work.localRows())
                        + piece(work, pieces, rank, work.rows().total());
            }
        }
        return new Traffic(ring, ringMessages, reduce, 2L * (ranks - 1) + 1, driver);
    }

    /** Of a piece that {@code pairs} pairs added to. */
    private static long piece(Workload work, PieceLayout pieces, int rank, long pairs) {
        int ranks = pieces.dense().ranks();
        long rows = Math.min(pieces.table().size(rank), (work.touchedRows(pairs) + ranks - 1) / ranks);
        return Piece.bytes(pieces.dense().size(rank), rows, pieces.width());
    }
}
