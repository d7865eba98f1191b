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
        CheckpointSettings checkpoint,
        Trackers trackers) {
    /** @param everySteps steps between two that are measured tensor by tensor; 0 for none */
    public record Measure(long everySteps) {}

    /** @param tensorboard whether events of TensorBoard are written */
    public record Trackers(boolean tensorboard) {}
}
