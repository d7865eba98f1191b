package siglip.job.trackers;

import java.io.PrintStream;
import java.util.stream.Stream;
import siglip.job.config.Settings;

/** The trackers, by name. */
public enum TrackerKind {
    /** {@link ProgressPrinter}. */
    PROGRESS("progress") {
        @Override
        Tracker open(Settings settings, PrintStream terminal) {
            return ProgressPrinter.to(terminal, settings);
        }
    };

    private final String key;

    TrackerKind(String key) {
        this.key = key;
    }

    public String key() {
        return key;
    }

    /** @throws IllegalArgumentException if there is none of that name */
    public static TrackerKind named(String key) {
        return Stream.of(values())
                .filter(kind -> kind.key.equals(key))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("Cannot find a tracker of the name '%s': there are %s"
                        .formatted(
                                key, Stream.of(values()).map(TrackerKind::key).toList())));
    }

    /** @param terminal where people look */
    abstract Tracker open(Settings settings, PrintStream terminal);
}
