package siglip.kernels;

import java.io.Serializable;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A loss with its fixed settings: all that an arm's loss is, but for the scalars that it learns.
 *
 * @param loss which one
 * @param options those that are not plain
 */
public record LossForm(Loss loss, Map<LossOption, Double> options) implements Serializable {
    /** @throws IllegalArgumentException if the loss has no such option, or the option no such value */
    public LossForm {
        Map<LossOption, Double> kept = new EnumMap<>(LossOption.class);
        options.forEach((option, value) -> {
            if (!loss.has(option)) {
                throw new IllegalArgumentException(
                        "Cannot use %s with the %s loss, which has none".formatted(option.id(), loss.id()));
            }
            if (!(value >= option.least() && value <= option.most())) {
                throw new IllegalArgumentException("Cannot use a %s of %s: it must be from %s to %s"
                        .formatted(option.id(), value, option.least(), option.most()));
            }
            if (value != option.plain()) {
                kept.put(option, value);
            }
        });
        options = Map.copyOf(kept);
        if (LossOption.CHOICES.stream().filter(kept::containsKey).count() > 1) {
            throw new IllegalArgumentException("Cannot choose negatives in two ways: of %s, one may be below 1"
                    .formatted(LossOption.CHOICES.stream().map(LossOption::id).toList()));
        }
    }

    /** A loss without options. */
    public static LossForm plain(Loss loss) {
        return new LossForm(loss, Map.of());
    }

    /** The value of an option, whether it was set or not. */
    public double get(LossOption option) {
        return options.getOrDefault(option, option.plain());
    }

    /** How much the softmax counts in this loss, from 0 to 1. */
    public double softmaxShare() {
        return switch (loss) {
            case SOFTMAX -> 1;
            case HYBRID -> get(LossOption.SOFTMAX_SHARE);
            default -> 0;
        };
    }

    /** The share of the negatives that counts, 1 if all do. */
    public double keptNegatives() {
        return LossOption.CHOICES.stream().mapToDouble(this::get).min().orElse(1);
    }

    /** Whether it must be known how the similarities of a batch are distributed before one pair has a gradient. */
    public boolean needsHistogram() {
        return loss == Loss.SIGMOID_SOLVED || has(LossOption.HARDEST_NEGATIVES) || has(LossOption.EASIEST_NEGATIVES);
    }

    /** Whether an option is not plain. */
    public boolean has(LossOption option) {
        return options.containsKey(option);
    }

    /** The same loss with an option at its plain value. */
    public LossForm without(LossOption option) {
        Map<LossOption, Double> rest = new EnumMap<>(LossOption.class);
        rest.putAll(options);
        rest.remove(option);
        return new LossForm(loss, rest);
    }

    /** The options that are not plain, by name, in their order: numbers, and true. */
    public Map<String, Object> named() {
        Map<String, Object> named = new LinkedHashMap<>();
        for (LossOption option : LossOption.values()) {
            if (has(option)) {
                named.put(option.id(), option.isFlag() ? true : options.get(option));
            }
        }
        return named;
    }

    /** For tables: {@code sigmoid}, {@code sigmoid, positive-weight 2}. */
    public String id() {
        return loss.id() + settings();
    }

    /** For reports: {@code sigmoid loss}, {@code sigmoid loss, positive-weight 2}. */
    public String title() {
        return loss.id() + " loss" + settings();
    }

    private String settings() {
        return Stream.of(LossOption.values())
                .filter(this::has)
                .map(option -> ", " + option.id() + (option.isFlag() ? "" : " " + brief(get(option))))
                .collect(Collectors.joining());
    }

    /** Not 2.0. */
    private static String brief(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
    }
}
