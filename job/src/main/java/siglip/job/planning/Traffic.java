package siglip.job.planning;

import siglip.job.losses.LossSpec;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;
import siglip.kernels.LossForm;

/**
 * Bytes of blocks that leave in one step; headers and control messages, some hundred bytes a message, are not counted.
 *
 * @param ring sent to other ranks while the loss is computed
 * @param reduce sent after it, to other ranks and to the driver: pieces of gradient and parameters
 * @param driver sent by the driver, and as many received
 */
public record Traffic(long ring, long reduce, long driver) {
    /** Of one rank, if a batch touches as many rows of the table as there are, or as the tokens of all its pairs. */
    static Traffic of(Workload work, LossForm loss, int rank) {
        int ranks = work.lossShape().ranks();
        long ring = LossSpec.of(loss).ringBytes(work.lossShape(), rank);
        PieceLayout pieces = work.pieces();
        long reduce = piece(work, pieces, rank, work.lossShape().rows().total()); // the sum, to the driver
        long driver = 0;
        for (int peer = 0; peer < ranks; peer++) {
            driver += piece(work, pieces, peer, work.lossShape().rows().total());
            if (peer != rank) {
                reduce += piece(work, pieces, peer, work.lossShape().localRows())
                        + piece(work, pieces, rank, work.lossShape().rows().total());
            }
        }
        return new Traffic(ring, reduce, driver);
    }

    /** Of a piece that {@code pairs} pairs added to. */
    private static long piece(Workload work, PieceLayout pieces, int rank, long pairs) {
        int ranks = pieces.dense().ranks();
        long rows = Math.min(pieces.table().size(rank), (work.touchedRows(pairs) + ranks - 1) / ranks);
        return Piece.bytes(pieces.dense().size(rank), rows, pieces.width());
    }
}
