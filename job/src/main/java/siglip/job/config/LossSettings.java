package siglip.job.config;

import java.util.List;
import java.util.OptionalDouble;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Numerics;

/**
 * @param arms the models to train, in order
 * @param duplicates what pairs of equal concept are, for all arms
 * @param numerics what computes them
 * @param maxScale upper end of the logit scale t, the same for all arms; the lower end is 1
 */
public record LossSettings(List<Arm> arms, DuplicatePolicy duplicates, Numerics numerics, double maxScale) {

    /** The loss of an arm. */
    public enum Kind {
        SIGMOID,
        SOFTMAX
    }

    /**
     * @param name shown in the report: {@code siglip}, {@code clip}
     * @param kind its loss
     * @param initialScale t at the start
     * @param initialBias b at the start; empty: -log(N - 1). Softmax has none
     */
    public record Arm(String name, Kind kind, double initialScale, OptionalDouble initialBias) {
        /**
         * b at the start for global batches of {@code batchSize} pairs: as set, or the calibrated -log(N - 1), at which the negatives' share of
         * the gradient is that of the positives. Softmax has none: 0.
         */
        public double startBias(int batchSize) {
            return kind == Kind.SOFTMAX ? 0 : initialBias.orElse(-Math.log(Math.max(1, batchSize - 1)));
        }
    }
}
