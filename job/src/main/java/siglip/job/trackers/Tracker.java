package siglip.job.trackers;

import siglip.job.comparison.RunListener;
import siglip.job.figures.RunFigures;

/**
 * Follows a run while it goes on: prints it, or tells another system of it. Called on the driver between steps, so that whatever takes long
 * belongs on a thread of the tracker's own. One that throws is dropped, and the run goes on.
 */
public interface Tracker extends RunListener, AutoCloseable {
    /** A run begins, or goes on after an interruption. */
    default void begin() {}

    /** The run has ended well, and all its files are written. */
    default void end(RunFigures figures) {}

    /** Gives up what the tracker holds, however the run ended. */
    @Override
    default void close() {}
}
