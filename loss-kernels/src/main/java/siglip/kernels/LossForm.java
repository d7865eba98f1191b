package siglip.kernels;

import java.io.Serializable;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

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
    }

    /** A loss without options. */
    public static LossForm plain(Loss loss) {
        return new LossForm(loss, Map.of());
    }

    /** The value of an option, whether it was set or not. */
    public double get(LossOption option) {
        return options.getOrDefault(option, option.plain());
    }

    /** The options that are not plain, by name, in their order. */
    public Map<String, Double> named() {
        Map<String, Double> named = new LinkedHashMap<>();
        for (LossOption option : LossOption.values()) {
            if (options.containsKey(option)) {
                named.put(option.id(), options.get(option));
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
        return named().entrySet().stream()
                .map(option -> ", %s %s".formatted(option.getKey(), brief(option.getValue())))
                .collect(Collectors.joining());
    }

    /** Not 2.0. */
    private static String brief(double value) {
        return value == Math.rint(value) ? String.valueOf((long) value) : String.valueOf(value);
    }
}
