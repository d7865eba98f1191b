package siglip.job.trackers;

import siglip.job.evaluation.Evaluation;
import siglip.job.training.TrainingListener;

/** Told of a run's progress, on the driver, in order, never two calls at once. */
public interface RunListener extends TrainingListener {
    /** A phase began: reading data, segment, evaluation. */
    void phase(String text);

    void evaluation(Evaluation evaluation);
}
