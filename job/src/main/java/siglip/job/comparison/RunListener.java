package siglip.job.comparison;

import siglip.job.evaluation.Evaluation;
import siglip.job.training.StepRecord;

/** Told of a run's progress, on the driver, in order, never two calls at once. */
public interface RunListener {
    /** A phase began: reading data, segment, evaluation. */
    void phase(String text);

    void step(StepRecord step);

    void evaluation(Evaluation evaluation);

    /** Something failed and is tried again, or an arm stopped. */
    void incident(String text);
}
