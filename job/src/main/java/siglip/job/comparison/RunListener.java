package siglip.job.comparison;

import java.time.Instant;
import java.util.List;
import siglip.job.evaluation.Evaluation;
import siglip.job.stage.Recovery;
import siglip.job.training.StepRecord;

/** Told of a run's progress, on the driver, in order, never two calls at once. */
public interface RunListener {
    /**
     * Training is about to begin, or to go on after what earlier drivers of the run have told: told once, before any step.
     *
     * @param started when the run began, in whichever driver
     * @param steps of all arms, in the order in which they were done
     * @param evaluations in order
     */
    default void begun(Instant started, List<StepRecord> steps, List<Evaluation> evaluations) {}

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
