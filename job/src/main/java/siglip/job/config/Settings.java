package siglip.job.config;

/** All settings of a run, checked. Each part's fields are documented, with units and defaults, in {@code reference.conf}. */
public record Settings(
        RunSettings run,
        DataSettings data,
        TowerSettings towers,
        LossSettings loss,
        TrainingSettings training,
        RingSettings ring,
        EvaluationSettings evaluation,
        Measure measure,
        PlanSettings plan,
        StudySettings study,
        CheckpointSettings checkpoint,
        Trackers trackers) {
    /** The same with other losses. */
    public Settings with(LossSettings other) {
        return new Settings(
                run, data, towers, other, training, ring, evaluation, measure, plan, study, checkpoint, trackers);
    }

    /**
     * @param everySteps steps between two that are measured tensor by tensor; 0 for none
     * @param frozenBatches global batches on which gradients are measured at each evaluation; 0 for none
     */
    public record Measure(long everySteps, int frozenBatches) {
        /** Fewer tell nothing of a variance. */
        public static final int LEAST_BATCHES = 4;

        public static final int MOST_BATCHES = 10_000;
    }

    /** @param tensorboard whether events of TensorBoard are written */
    public record Trackers(boolean tensorboard) {}
}
