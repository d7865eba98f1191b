package siglip.job.training;

import siglip.job.stage.Recovery;

/** Told of the training's progress, on the driver's thread, in order. */
public interface TrainingListener {
    /** One step of one arm is done. */
    void step(StepRecord step);

    /** Whether to take a snapshot now that every arm has completed {@code step} steps or has stopped. */
    default boolean wantsSnapshot(long step) {
        return false;
    }

    /** A snapshot that was asked for, as soon as all its steps have been told. */
    default void snapshot(TrainingSnapshot snapshot) {}

    /** A part of the training that takes long began, or goes on. */
    default void phase(String text) {}

    /** Something failed and is tried again, or an arm stopped. */
    void incident(String text);

    /** Training goes on after attempts that failed. */
    default void recovered(Recovery recovery) {}
}
