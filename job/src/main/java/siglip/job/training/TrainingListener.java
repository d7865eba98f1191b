package siglip.job.training;

/** Told of the training's progress, on the driver's thread, in order. */
public interface TrainingListener {
    /** One step of one arm is done. */
    void step(StepRecord step);

    /** Something failed and is tried again, or an arm stopped. */
    void incident(String text);

    /** Training goes on after attempts that failed. */
    default void recovered(Recovery recovery) {}
}
