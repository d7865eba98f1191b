package siglip.job.trackers;

import java.io.PrintStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import siglip.job.comparison.RunListener;
import siglip.job.config.Settings;
import siglip.job.evaluation.Evaluation;
import siglip.job.figures.RunFigures;
import siglip.job.stage.Recovery;
import siglip.job.training.StepRecord;

/** Tells several trackers of a run, in order. One that throws is told nothing more, and the run hears of it once. */
public final class Trackers implements RunListener, AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(Trackers.class);

    private final Map<String, Tracker> trackers;
    private List<String> failures = new ArrayList<>();

    /** @param trackers by the names under which their failures are told */
    Trackers(Map<String, Tracker> trackers) {
        this.trackers = new LinkedHashMap<>(trackers);
    }

    /**
     * Those that the settings of a run ask for.
     *
     * @param hadoop of the file system on which the run has its folder
     * @param terminal where people look
     */
    public static Trackers open(Settings settings, Configuration hadoop, PrintStream terminal) {
        Map<String, Tracker> trackers = new LinkedHashMap<>();
        TrackerKind.of(settings).forEach(kind -> trackers.put(kind.key(), kind.open(settings, hadoop, terminal)));
        return new Trackers(trackers);
    }

    public void begin() {
        each(Tracker::begin);
    }

    @Override
    public void begun(Instant started, List<StepRecord> steps, List<Evaluation> evaluations) {
        each(tracker -> tracker.begun(started, steps, evaluations));
    }

    @Override
    public void phase(String text) {
        each(tracker -> tracker.phase(text));
    }

    @Override
    public void step(StepRecord step) {
        each(tracker -> tracker.step(step));
    }

    @Override
    public void evaluation(Evaluation evaluation) {
        each(tracker -> tracker.evaluation(evaluation));
    }

    @Override
    public void incident(String text) {
        each(tracker -> tracker.incident(text));
    }

    @Override
    public void recovered(Recovery recovery) {
        each(tracker -> tracker.recovered(recovery));
    }

    public void end(RunFigures figures) {
        each(tracker -> tracker.end(figures));
    }

    @Override
    public void close() {
        each(Tracker::close);
    }

    @Override
    public List<String> failures() {
        List<String> told = failures;
        failures = new ArrayList<>();
        return told;
    }

    private void each(Consumer<Tracker> tell) {
        trackers.entrySet().removeIf(named -> {
            try {
                tell.accept(named.getValue());
                return false;
            } catch (RuntimeException | LinkageError e) {
                LOG.warn("Tracker {} is told nothing more", named.getKey(), e);
                failures.add("tracker %s failed and is told nothing more: %s".formatted(named.getKey(), e));
                return true;
            }
        });
    }
}
