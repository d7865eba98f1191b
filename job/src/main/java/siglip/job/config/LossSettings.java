package siglip.job.config;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalar;
import siglip.kernels.Numerics;
import siglip.kernels.blas.Precision;

/**
 * @param arms the models to train, in order
 * @param duplicates what pairs of equal concept are to arms that do not say
 * @param numerics what computes them, in the precision of those arms that have none of their own
 */
public record LossSettings(List<Arm> arms, DuplicatePolicy duplicates, Numerics numerics) {

    /** The same losses, all computed in one precision. */
    public LossSettings in(Precision precision) {
        return new LossSettings(
                arms.stream().map(Arm::inRunsPrecision).toList(),
                duplicates,
                new Numerics(numerics.products(), precision.id(), numerics.elementwise(), numerics.tile()));
    }

    /**
     * @param name shown in the report: {@code siglip}, {@code clip}
     * @param form the loss that it trains with, and its options
     * @param initial scalars of the loss at the start, as people are shown them; without those that are left to the loss
     * @param maxScale upper end of the logit scale t; the lower end is 1
     * @param duplicates what pairs of equal concept are
     * @param precision of its own in which matrix products read their inputs; empty: that of the run
     * @param optimizer how its parameters move
     * @param image how its image tower trains
     * @param text how its text tower trains, and the table
     */
    public record Arm(
            String name,
            LossForm form,
            Map<LossScalar, Double> initial,
            double maxScale,
            DuplicatePolicy duplicates,
            Optional<Precision> precision,
            OptimizerSettings optimizer,
            TowerTraining image,
            TowerTraining text) {
        private static final double MOST_SCALE = 200;

        public Arm {
            initial = Map.copyOf(initial);
        }

        /** With no start of its own and none of the options, for a measurement that is no training of its own. */
        public static Arm plain(String name, LossForm form, OptimizerSettings optimizer) {
            return new Arm(
                    name,
                    form,
                    Map.of(),
                    MOST_SCALE,
                    DuplicatePolicy.IGNORE,
                    Optional.empty(),
                    optimizer,
                    TowerTraining.WHOLE,
                    TowerTraining.WHOLE);
        }

        /** The same arm without a precision of its own. */
        Arm inRunsPrecision() {
            return new Arm(name, form, initial, maxScale, duplicates, Optional.empty(), optimizer, image, text);
        }

        public Loss loss() {
            return form.loss();
        }
    }

    /** Where the scalars of an arm start that it does not set one by one, by name. */
    public enum Start {
        /** The scales of the papers, and the bias at which a model that knows nothing is least surprised: left to the loss, which knows N. */
        CALIBRATED,
        /** SigLIP: scale 10, bias -10, which is calibrated at N = e^10 + 1. CLIP: 1 / 0.07. */
        PAPER,
        /** As open_clip has them: those of the papers, with {@code --siglip} and without. */
        OPEN_CLIP;

        private static final double SIGMOID_SCALE = 10;
        private static final double SIGMOID_BIAS = -10;
        private static final double SOFTMAX_SCALE = 1 / 0.07;

        /** As people are shown it; empty where it is left to the loss. */
        OptionalDouble of(Loss loss, LossScalar scalar) {
            boolean papers = this != CALIBRATED;
            return switch (scalar) {
                case LOG_SCALE -> OptionalDouble.of(loss == Loss.SOFTMAX ? SOFTMAX_SCALE : SIGMOID_SCALE);
                case BIAS -> papers ? OptionalDouble.of(SIGMOID_BIAS) : OptionalDouble.empty();
                case RELATIVE_BIAS -> papers
                        ? OptionalDouble.of(-SIGMOID_BIAS / SIGMOID_SCALE)
                        : OptionalDouble.empty();
            };
        }
    }
}
