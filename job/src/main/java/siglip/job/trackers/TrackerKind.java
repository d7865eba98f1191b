package siglip.job.trackers;

import java.io.PrintStream;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import siglip.job.config.Settings;

/** The trackers, by name. */
enum TrackerKind {
    /** {@link ProgressPrinter}. */
    PROGRESS("progress") {
        @Override
        Tracker open(Settings settings, Configuration hadoop, PrintStream terminal) {
            return ProgressPrinter.to(terminal, settings);
        }
    },
    /** {@link TensorBoard}. */
    TENSORBOARD("tensorboard") {
        @Override
        boolean isWanted(Settings.Trackers settings) {
            return settings.tensorboard();
        }

        @Override
        Tracker open(Settings settings, Configuration hadoop, PrintStream terminal) {
            return new TensorBoard(settings, hadoop, System::nanoTime);
        }
    };

    private final String key;

    TrackerKind(String key) {
        this.key = key;
    }

    public String key() {
        return key;
    }

    /** Those that the settings of a run ask for. */
    static List<TrackerKind> of(Settings settings) {
        return Stream.of(values())
                .filter(kind -> kind.isWanted(settings.trackers()))
                .toList();
    }

    boolean isWanted(Settings.Trackers settings) {
        return true;
    }

    /**
     * @param hadoop of the file system on which the run has its folder
     * @param terminal where people look
     */
    abstract Tracker open(Settings settings, Configuration hadoop, PrintStream terminal);
}
