package siglip.kernels;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;
import siglip.kernels.lines.SolvedBias;

/** The losses, the scalars that each learns, and the options that each has. */
public enum Loss {
    /** SigLIP's: {@link SigmoidLoss}. */
    SIGMOID(
            List.of(LossScalar.LOG_SCALE, LossScalar.BIAS),
            LossOption.POSITIVE_WEIGHT,
            LossOption.RANDOM_NEGATIVES,
            LossOption.HARDEST_NEGATIVES,
            LossOption.EASIEST_NEGATIVES,
            LossOption.VRNS_WEIGHT,
            LossOption.CENTRED),
    /** {@link SigmoidLoss} with a bias of similarities, before they are scaled. */
    SIGMOID_RELATIVE(
            List.of(LossScalar.LOG_SCALE, LossScalar.RELATIVE_BIAS),
            LossOption.POSITIVE_WEIGHT,
            LossOption.RANDOM_NEGATIVES,
            LossOption.HARDEST_NEGATIVES,
            LossOption.EASIEST_NEGATIVES,
            LossOption.VRNS_WEIGHT,
            LossOption.CENTRED),
    /** CLIP's: {@link SoftmaxLoss}. */
    SOFTMAX(List.of(LossScalar.LOG_SCALE), LossOption.LABEL_SMOOTHING, LossOption.VRNS_WEIGHT, LossOption.CENTRED),
    /** {@link SigmoidLoss} with the bias at which the loss of the batch is least: {@link SolvedBias}. */
    SIGMOID_SOLVED(List.of(LossScalar.LOG_SCALE, LossScalar.BIAS), LossOption.CENTRED),
    /** Part softmax, part sigmoid: {@link SoftmaxLoss} says how. */
    HYBRID(List.of(LossScalar.LOG_SCALE, LossScalar.BIAS), LossOption.SOFTMAX_SHARE, LossOption.CENTRED),
    /** The sigmoid with a bias for each row and column: {@link AdaptiveSigmoidLoss}. */
    SIGMOID_ADAPTIVE(List.of(LossScalar.LOG_SCALE), LossOption.CENTRED);

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<LossScalar> scalars;

    @SuppressWarnings("ImmutableEnumChecker") // made by List.of
    private final List<LossOption> options;

    Loss(List<LossScalar> scalars, LossOption... options) {
        this.scalars = scalars;
        this.options = List.of(options);
    }

    /** Its name in settings, files and reports: {@code sigmoid}. */
    public String id() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The loss of that name.
     *
     * @throws IllegalArgumentException if there is none
     */
    public static Loss of(String id) {
        return Stream.of(values())
                .filter(loss -> loss.id().equals(id))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("Cannot find a loss of the name '%s': there are %s"
                        .formatted(id, Stream.of(values()).map(Loss::id).toList())));
    }

    /** What it learns, in the order of vectors of its scalars. */
    public List<LossScalar> scalars() {
        return scalars;
    }

    /** Whether it learns a scalar. */
    public boolean has(LossScalar scalar) {
        return scalars.contains(scalar);
    }

    /** Whether it computes a scalar anew for each batch, instead of learning it. */
    public boolean solves(LossScalar scalar) {
        return this == SIGMOID_SOLVED && scalar == LossScalar.BIAS;
    }

    /** Whether it has an option. */
    public boolean has(LossOption option) {
        return options.contains(option);
    }

    /** One value for each scalar, by the scalars' names in files and in their order. */
    public Map<String, Double> named(double[] values) {
        Map<String, Double> named = new LinkedHashMap<>();
        for (int i = 0; i < values.length; i++) {
            named.put(scalars.get(i).id(), values[i]);
        }
        return named;
    }
}
