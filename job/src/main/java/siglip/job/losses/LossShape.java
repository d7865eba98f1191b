package siglip.job.losses;

import siglip.job.order.Slices;
import siglip.job.ring.GradientRing;
import siglip.job.ring.TextBlock;

/**
 * The sizes that decide what a loss takes.
 *
 * @param rows how the global batch is cut
 * @param cores that a rank computes on
 * @param width of an embedding, d
 */
public record LossShape(Slices rows, int cores, int width) {
    public int ranks() {
        return rows.ranks();
    }

    /** Most pairs of a rank, n. */
    public int localRows() {
        return rows.largest();
    }

    /** Most pairs of a lane. */
    public int laneRows() {
        return new Slices(localRows(), cores).largest();
    }

    /** Bytes of a rank's texts with their concept ids, as memory holds them. */
    long textBytes() {
        return TextBlock.bytes(localRows(), width);
    }

    /** Bytes for gradients of texts on their way home, and for what lanes other than the first gather of one block. */
    long gradientBytes() {
        long block = 4L * localRows() * width;
        long travelling = ranks() > 1 ? 2L * GradientRing.PLACES * block : 0;
        return travelling + (cores - 1) * block;
    }

    /**
     * Bytes that a rank sends so that every rank has seen all texts, and the gradients of all texts are home: every block of texts, with their
     * concept ids, but that of the next rank, and the gradients of every block but its own.
     */
    long roundBytes(int rank) {
        int next = (rank + 1) % ranks();
        return TextBlock.bytes(rows.total() - rows.size(next), width)
                + Float.BYTES * (rows.total() - rows.size(rank)) * width;
    }
}
