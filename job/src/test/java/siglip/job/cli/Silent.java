package siglip.job.cli;

import siglip.job.evaluation.Evaluation;
import siglip.job.trackers.RunListener;
import siglip.job.training.StepRecord;

/** Hears what a run tells, and does nothing. */
final class Silent implements RunListener {
    @Override
    public void phase(String text) {}

    @Override
    public void step(StepRecord step) {}

    @Override
    public void evaluation(Evaluation evaluation) {}

    @Override
    public void incident(String text) {}
}
