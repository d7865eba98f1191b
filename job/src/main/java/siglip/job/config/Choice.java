package siglip.job.config;

import java.util.Locale;

/** The names that constants have in settings, and where people are told of them: {@code multi-positive}. */
public final class Choice {
    private Choice() {}

    public static String name(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
