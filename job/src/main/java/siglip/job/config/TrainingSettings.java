package siglip.job.config;

import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * @param batchSize global batch, N pairs
 * @param textsPerImage texts of an image that a batch holds, each beside a copy of the image; divides N
 * @param microBatchSize most pairs that pass the towers of a core at a time; empty: all that it has
 * @param steps global batches
 * @param optimizer what moves the parameters
 * @param learningRate peak
 * @param warmupSteps linear from 0
 * @param finalLearningRate as a share of the peak, at the end of the cosine
 * @param beta1 of AdamW
 * @param beta2 of AdamW
 * @param epsilon of AdamW
 * @param weightDecay of matrices; biases, tables and scalars of the loss have none
 * @param scalarLearningRateFactor learning rate of the scalars of the loss over that of the rest
 * @param clipNorm largest gradient norm of towers and tables; empty: no clipping. scalars of the loss are never clipped
 * @param attempts how often a segment may fail in a row without one completed step
 */
public record TrainingSettings(
        int batchSize,
        int textsPerImage,
        OptionalInt microBatchSize,
        long steps,
        Optimizer optimizer,
        double learningRate,
        long warmupSteps,
        double finalLearningRate,
        double beta1,
        double beta2,
        double epsilon,
        double weightDecay,
        double scalarLearningRateFactor,
        OptionalDouble clipNorm,
        int attempts) {

    /** The optimizers, by name. */
    public enum Optimizer {
        ADAMW;

        /** Its name in settings and checkpoints: {@code adamw}. */
        public String id() {
            return Choice.name(this);
        }
    }
}
