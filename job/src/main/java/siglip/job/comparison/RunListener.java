package siglip.job.comparison;

import java.util.List;
import siglip.job.evaluation.Evaluation;
import siglip.job.stage.Recovery;
import siglip.job.training.StepRecord;

/** Told of a run's progress, on the driver, in order, never two calls at once. */
public interface RunListener {
    /** A part of the run began: reading data, a segment of training, a search. */
    default void phase(String text) {}

    /** One step of one arm is done. */
    default void step(StepRecord step) {}

    /** One arm was evaluated on one held-out set. */
    default void evaluation(Evaluation evaluation) {}

    /** Something failed and was mended, or an arm stopped. */
    default void incident(String text) {}

    /** Training goes on after attempts that failed. */
    default void recovered(Recovery recovery) {
        incident(recovery.toString());
    }

    /** What went wrong with the listener itself and nobody has asked about yet: incidents of the run. */
    default List<String> failures() {
        return List.of();
    }
}
