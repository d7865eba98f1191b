package siglip.job.training;

import java.nio.DoubleBuffer;
import siglip.job.ring.Piece;
import siglip.kernels.Loss;
import siglip.kernels.LossScalar;
import siglip.kernels.LossSums;

/**
 * What a rank tells the driver of a step besides its gradient: sums over its pairs, and the memory it accounts for.
 *
 * @param sums over pairs, not divided
 * @param bytes accounted memory of the rank for this arm
 */
record RankScalars(LossSums sums, long bytes) {
    /**
     * For the head of the rank's piece; {@link #total} takes them in the same order. A scalar that the loss solves for has a value in the place of
     * a gradient.
     */
    double[] toArray(Loss loss) {
        DoubleBuffer to = DoubleBuffer.allocate(Piece.SCALARS);
        to.put((double) bytes).put(sums.loss);
        for (LossScalar scalar : loss.scalars()) {
            to.put(loss.solves(scalar) ? sums.solved(scalar) : sums.gradient(scalar));
        }
        to.put((double) sums.positives)
                .put(sums.positiveLogits)
                .put(sums.minPositiveLogit)
                .put(sums.maxPositiveLogit);
        to.put((double) sums.negatives).put(sums.negativeLogits);
        return to.array();
    }

    private static LossSums read(Loss loss, DoubleBuffer from) {
        LossSums sums = new LossSums();
        sums.loss = from.get();
        for (LossScalar scalar : loss.scalars()) {
            if (loss.solves(scalar)) {
                sums.setSolved(scalar, from.get());
            } else {
                sums.addGradient(scalar, from.get());
            }
        }
        sums.positives = (long) from.get();
        sums.positiveLogits = from.get();
        sums.minPositiveLogit = from.get();
        sums.maxPositiveLogit = from.get();
        sums.negatives = (long) from.get();
        sums.negativeLogits = from.get();
        return sums;
    }

    /** Adds up the ranks' sums in rank order; of the bytes, the largest. */
    static RankScalars total(Loss loss, Piece[] pieces) {
        LossSums sums = new LossSums();
        long bytes = 0;
        for (Piece piece : pieces) {
            DoubleBuffer from = piece.scalars();
            bytes = Math.max(bytes, (long) from.get());
            sums.add(read(loss, from));
        }
        return new RankScalars(sums, bytes);
    }
}
