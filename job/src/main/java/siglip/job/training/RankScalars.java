package siglip.job.training;

import siglip.job.ring.Piece;
import siglip.kernels.LossSums;

/**
 * What a rank tells the driver of a step besides its gradient: sums over its pairs, and the memory it accounts for.
 *
 * @param sums over pairs, not divided
 * @param bytes accounted memory of the rank for this arm
 */
public record RankScalars(LossSums sums, long bytes) {

    public double[] toArray() {
        return new double[] {
            sums.loss,
            sums.logScaleGradient,
            sums.biasGradient,
            sums.positives,
            sums.positiveLogits,
            sums.minPositiveLogit,
            sums.maxPositiveLogit,
            sums.negatives,
            sums.negativeLogits,
            bytes
        };
    }

    private static RankScalars read(Piece piece) {
        LossSums sums = new LossSums();
        sums.loss = piece.scalar(0);
        sums.logScaleGradient = piece.scalar(1);
        sums.biasGradient = piece.scalar(2);
        sums.positives = (long) piece.scalar(3);
        sums.positiveLogits = piece.scalar(4);
        sums.minPositiveLogit = piece.scalar(5);
        sums.maxPositiveLogit = piece.scalar(6);
        sums.negatives = (long) piece.scalar(7);
        sums.negativeLogits = piece.scalar(8);
        return new RankScalars(sums, (long) piece.scalar(9));
    }

    /** Adds up the ranks' sums in rank order; of the bytes, the largest. */
    static RankScalars total(Piece[] pieces) {
        LossSums sums = new LossSums();
        long bytes = 0;
        for (Piece piece : pieces) {
            RankScalars rank = read(piece);
            sums.add(rank.sums);
            bytes = Math.max(bytes, rank.bytes);
        }
        return new RankScalars(sums, bytes);
    }
}
