package siglip.job.losses;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import siglip.job.config.LossSettings;
import siglip.kernels.Footprint;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;

/**
 * All that the job knows of a loss: where its scalars start, how its blocks travel, and what that takes in memory, bytes and time. Whoever
 * wants to know something about a loss asks here; nobody else tells one loss from another.
 */
public sealed interface LossSpec permits CentredSpec, SigmoidSpec, GatheringSpec {
    static LossSpec of(LossForm form) {
        if (form.has(LossOption.CENTRED)) {
            return new CentredSpec(form);
        }
        return switch (form.loss()) {
            case SIGMOID, SIGMOID_RELATIVE, SIGMOID_SOLVED -> form.needsHistogram()
                    ? new HistogramSpec(form)
                    : new SigmoidSpec(form);
            case SOFTMAX, HYBRID, SIGMOID_ADAPTIVE -> new SoftmaxSpec(form);
        };
    }

    LossForm form();

    /**
     * Where a scalar starts that an arm leaves open, as people are shown it.
     *
     * @param before where the scalars start that come before it
     * @param batchSize pairs of the global batch
     * @throws IllegalArgumentException if the loss needs to be told
     */
    default double start(LossScalar scalar, Map<LossScalar, Double> before, int batchSize) {
        throw new IllegalArgumentException("Cannot start the %s loss without an initial %s"
                .formatted(form().loss().id(), scalar.shownName()));
    }

    /**
     * The loss of the best constant predictor, a model that gives each pair the same logit: what an arm falls back to that has learned nothing of
     * its inputs. Empty if the loss does not know it.
     *
     * @param rows pairs of the global batch, N
     * @param positives pairs of an image and a text that count as positives
     * @param negatives those that count as negatives; masked pairs are neither
     */
    default OptionalDouble constantLoss(int rows, long positives, long negatives) {
        return OptionalDouble.empty();
    }

    /** The loss over all ranks, on one of them. */
    LossExchange exchange(LossExchange.Blocks blocks);

    /** What its exchange holds, in words. */
    String holds();

    /** How much that is: what {@link LossExchange#bytes} of a rank says. */
    Footprint memory(LossShape shape, int rank);

    /** What its kernels hold beside what every lane does. */
    default Set<LossKernels.Memory> kernels() {
        return Set.of();
    }

    /** Bytes that a rank sends to others while one step's loss is computed. */
    long ringBytes(LossShape shape, int rank);

    /** Blocks of embeddings of one rank that open_clip sends to each other rank for the loss of one step. */
    int openClipBlocks();

    /** The parts of its work whose speed planning must know. */
    List<LossWork> work();

    /** What one step takes. */
    LossTime time(LossPace pace);

    /** Where the scalars of an arm start, as people are shown them. */
    static Map<LossScalar, Double> starts(LossSettings.Arm arm, int batchSize) {
        Map<LossScalar, Double> starts = new EnumMap<>(LossScalar.class);
        for (LossScalar scalar : arm.loss().scalars()) {
            Double set = arm.initial().get(scalar);
            starts.put(scalar, set != null ? set : of(arm.form()).start(scalar, starts, batchSize));
        }
        return starts;
    }

    /** The same by the names of what people are shown. */
    static Map<String, Double> shownStarts(LossSettings.Arm arm, int batchSize) {
        Map<String, Double> shown = new LinkedHashMap<>();
        starts(arm, batchSize).forEach((scalar, value) -> shown.put(scalar.shownName(), value));
        return shown;
    }

    /** The same as they are learned, within their ranges. */
    static LossScalars initial(LossSettings.Arm arm, int batchSize) {
        Map<LossScalar, Double> starts = starts(arm, batchSize);
        return new LossScalars(
                arm.loss(),
                arm.loss().scalars().stream()
                        .map(scalar -> Math.min(scalar.learned(starts.get(scalar)), scalar.most(arm.maxScale())))
                        .toList());
    }
}
