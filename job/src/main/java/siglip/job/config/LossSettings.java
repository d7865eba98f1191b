package siglip.job.config;

import java.util.List;
import java.util.Map;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalar;
import siglip.kernels.Numerics;

/**
 * @param arms the models to train, in order
 * @param duplicates what pairs of equal concept are, for all arms
 * @param numerics what computes them
 * @param maxScale upper end of the logit scale t, the same for all arms; the lower end is 1
 */
public record LossSettings(List<Arm> arms, DuplicatePolicy duplicates, Numerics numerics, double maxScale) {

    /**
     * @param name shown in the report: {@code siglip}, {@code clip}
     * @param form the loss that it trains with, and its options
     * @param initial scalars of the loss at the start, as people are shown them; without those that are left to the loss
     * @param optimizer how its parameters move
     * @param image how its image tower trains
     * @param text how its text tower trains, and the table
     */
    public record Arm(
            String name,
            LossForm form,
            Map<LossScalar, Double> initial,
            OptimizerSettings optimizer,
            TowerTraining image,
            TowerTraining text) {
        public Arm {
            initial = Map.copyOf(initial);
        }

        public Loss loss() {
            return form.loss();
        }
    }
}
