package siglip.job.config;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.function.BiFunction;
import siglip.job.config.SettingsReader.Bound;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossOption;
import siglip.kernels.blas.Precision;

/**
 * Reads what each arm may have of its own, by the keys that set it for all: {@code training.beta2} of an arm, or else that of the base.
 *
 * @param arm the arm's object
 * @param base all settings
 * @param steps of the training
 */
record ArmReader(SettingsReader arm, SettingsReader base, long steps) {
    private static final String OPTIMIZER = "training.optimizer";
    private static final String LEARNING_RATE = "training.learning-rate";
    private static final String WARMUP = "training.warmup-steps";
    private static final String FINAL_LEARNING_RATE = "training.final-learning-rate";
    private static final String BETA1 = "training.beta1";
    private static final String BETA2 = "training.beta2";
    private static final String EPSILON = "training.epsilon";
    private static final String WEIGHT_DECAY = "training.weight-decay";
    private static final String SCALAR_FACTOR = "training.scalar-learning-rate-factor";
    private static final String CLIP_NORM = "training.clip-norm";
    private static final String STEPS = "training.steps";

    private static final String START = "start";
    private static final String FACTOR = "learning-rate-factor";
    private static final String DECAY = "weight-decay";

    private static final String LOSS = "loss."; // the section that arms are in: their keys are without it
    private static final String MAX_SCALE = "max-scale";
    private static final String DUPLICATES = "duplicates";
    private static final String PRECISION = "precision";

    /** What an arm may have of its own. */
    static final Set<String> KEYS = Set.of(
            MAX_SCALE,
            DUPLICATES,
            PRECISION,
            OPTIMIZER,
            LEARNING_RATE,
            WARMUP,
            FINAL_LEARNING_RATE,
            BETA1,
            BETA2,
            EPSILON,
            WEIGHT_DECAY,
            SCALAR_FACTOR,
            CLIP_NORM,
            "towers.image." + START,
            "towers.image." + FACTOR,
            "towers.image." + DECAY,
            "towers.text." + START,
            "towers.text." + FACTOR,
            "towers.text." + DECAY);

    /** Who sets a key. */
    private SettingsReader of(String key) {
        return arm.sets(key) ? arm : base;
    }

    double maxScale() {
        return ofLoss(MAX_SCALE, (reader, key) -> reader.number(key, Bound.atLeast(1)));
    }

    DuplicatePolicy duplicates() {
        return ofLoss(DUPLICATES, (reader, key) -> reader.choice(key, DuplicatePolicy.class));
    }

    /** Of its own: auto has no place here, as ranks agree on what it means once for the run. */
    Optional<Precision> precision() {
        return arm.sets(PRECISION) ? Optional.of(arm.choice(PRECISION, Precision.class)) : Optional.empty();
    }

    /** A key of the arm's that for all is one of the loss. */
    private <T> T ofLoss(String key, BiFunction<SettingsReader, String, T> read) {
        return arm != base && arm.sets(key) ? read.apply(arm, key) : read.apply(base, LOSS + key);
    }

    OptimizerSettings optimizer() {
        return new OptimizerSettings(
                of(OPTIMIZER).choice(OPTIMIZER, OptimizerSettings.Kind.class),
                of(LEARNING_RATE).number(LEARNING_RATE, Bound.ABOVE_ZERO),
                warmupSteps(),
                of(FINAL_LEARNING_RATE).number(FINAL_LEARNING_RATE, Bound.SHARE),
                of(BETA1).number(BETA1, Bound.SHARE_BELOW_ONE),
                of(BETA2).number(BETA2, Bound.SHARE_BELOW_ONE),
                of(EPSILON).number(EPSILON, Bound.ABOVE_ZERO),
                of(WEIGHT_DECAY).number(WEIGHT_DECAY, Bound.NOT_NEGATIVE),
                of(SCALAR_FACTOR).number(SCALAR_FACTOR, Bound.NOT_NEGATIVE),
                of(CLIP_NORM).optionalNumber(CLIP_NORM, Bound.ABOVE_ZERO));
    }

    private long warmupSteps() {
        SettingsReader reader = of(WARMUP);
        long warmup = reader.whole(WARMUP, 0, Long.MAX_VALUE);
        if (reader.isDefault(WARMUP)) {
            return Math.min(warmup, steps);
        }
        String message = "must be at most training.steps (%d), found %d".formatted(steps, warmup);
        if (reader == base) { // the place is that of the first of the two that is no default
            reader.require(warmup <= steps, WARMUP, message, STEPS);
        } else {
            reader.require(warmup <= steps, WARMUP, message);
        }
        return warmup;
    }

    /** @param section of the tower: {@code towers.image.} */
    TowerTraining tower(String section) {
        return new TowerTraining(
                of(section + START).optionalText(section + START),
                of(section + FACTOR).number(section + FACTOR, Bound.NOT_NEGATIVE),
                of(section + DECAY).flag(section + DECAY));
    }

    /** The loss and its options, which are an arm's alone. */
    LossForm form(Loss loss) {
        Map<LossOption, Double> options = new EnumMap<>(LossOption.class);
        for (LossOption option : LossOption.values()) {
            option(loss, option).ifPresent(value -> options.put(option, value));
        }
        oneChoice(options);
        return new LossForm(loss, options);
    }

    private OptionalDouble option(Loss loss, LossOption option) {
        OptionalDouble value = option.isFlag()
                ? flag(option.id())
                : arm.optionalNumber(option.id(), Bound.between(option.least(), option.most()));
        arm.require(
                loss.has(option) || value.isEmpty(),
                option.id(),
                "must be left out: the %s loss has no %s".formatted(loss.id(), option.id()),
                "loss");
        boolean usable =
                loss.has(option) && !Double.isNaN(value.orElse(Double.NaN)); // the reader's stand-in is no number
        return usable ? value : OptionalDouble.empty();
    }

    /** Of the options that say which negatives count, the first that is below 1 stays. */
    private void oneChoice(Map<LossOption, Double> options) {
        List<LossOption> made = LossOption.CHOICES.stream()
                .filter(choice -> options.getOrDefault(choice, choice.plain()) != choice.plain())
                .toList();
        for (LossOption other : made.subList(Math.min(1, made.size()), made.size())) {
            options.remove(other);
            arm.require(
                    false,
                    other.id(),
                    "must be left out: %s says which negatives count"
                            .formatted(made.get(0).id()),
                    made.get(0).id());
        }
    }

    private OptionalDouble flag(String key) {
        boolean given = arm.optionalText(key).isPresent();
        return given ? OptionalDouble.of(arm.flag(key) ? 1 : 0) : OptionalDouble.empty();
    }
}
