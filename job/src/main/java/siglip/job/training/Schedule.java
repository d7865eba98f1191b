package siglip.job.training;

import siglip.job.config.OptimizerSettings;

/** Learning rate by step: linear from near 0 to the peak over the warm-up, then half a cosine down to the final rate. */
final class Schedule {
    private final OptimizerSettings settings;
    private final long steps;

    /** @param steps of the training */
    Schedule(OptimizerSettings settings, long steps) {
        this.settings = settings;
        this.steps = steps;
    }

    /** The learning rate of a step, from 0. The first step of a warm-up of w steps has 1/w of the peak. */
    double at(long step) {
        double peak = settings.learningRate();
        if (step < settings.warmupSteps()) {
            return peak * (step + 1) / settings.warmupSteps();
        }
        double done = (double) (step - settings.warmupSteps()) / Math.max(1, steps - settings.warmupSteps());
        double share = (1 + Math.cos(Math.PI * Math.min(1, done))) / 2;
        return peak * (settings.finalLearningRate() + (1 - settings.finalLearningRate()) * share);
    }
}
