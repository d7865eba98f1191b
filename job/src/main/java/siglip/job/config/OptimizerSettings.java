package siglip.job.config;

import java.util.OptionalDouble;

/**
 * How an arm's parameters move.
 *
 * @param kind what moves them
 * @param learningRate peak
 * @param warmupSteps linear from 0
 * @param finalLearningRate as a share of the peak, at the end of the cosine
 * @param beta1 of the optimizer
 * @param beta2 of the optimizer
 * @param epsilon of AdamW
 * @param weightDecay of matrices; biases, tables and scalars of the loss have none
 * @param scalarLearningRateFactor learning rate of the scalars of the loss over that of the rest
 * @param clipNorm largest gradient norm of towers and tables; empty: no clipping. scalars of the loss are never clipped
 */
public record OptimizerSettings(
        Kind kind,
        double learningRate,
        long warmupSteps,
        double finalLearningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double scalarLearningRateFactor,
        OptionalDouble clipNorm) {

    /** The optimizers, by name. */
    public enum Kind {
        ADAMW,
        LION;

        /** Its name in settings and checkpoints: {@code adamw}. */
        public String id() {
            return Choice.name(this);
        }
    }
}
