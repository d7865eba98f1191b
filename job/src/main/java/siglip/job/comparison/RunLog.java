package siglip.job.comparison;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import siglip.job.checkpoint.History;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.evaluation.Evaluation;
import siglip.job.stability.CollapseWatch;
import siglip.job.stage.Recovery;
import siglip.job.training.StepRecord;
import siglip.job.training.TrainingListener;

/** All that a run tells: kept for its result, and passed on. Nothing of it outlives the process. */
class RunLog implements TrainingListener, AutoCloseable {
    private final RunListener listener;
    private final Instant opened;
    private final History before;
    private final List<StepRecord> steps;
    private final List<Evaluation> evaluations;
    private final List<String> incidents;
    private final Map<String, CollapseWatch> watches = new HashMap<>(); // by the name of the arm

    /**
     * @param settings of the run
     * @param opened when this driver began
     * @param before what earlier drivers of the run have told
     */
    RunLog(RunListener listener, Settings settings, Instant opened, History before) {
        this.listener = listener;
        this.opened = opened;
        this.before = before;
        steps = new ArrayList<>(before.steps());
        evaluations = new ArrayList<>(Checkpoints.evaluations(before));
        incidents = new ArrayList<>(before.incidents());
        int patience = CollapseWatch.patience(settings.training().steps());
        for (LossSettings.Arm arm : settings.loss().arms()) {
            watches.put(arm.name(), new CollapseWatch(arm.optimizer().warmupSteps(), patience));
        }
        steps.forEach(this::watch); // what that shows is among the incidents
    }

    /** Tells what earlier drivers have told; before all else. */
    void begin() {
        List<StepRecord> earlier = List.copyOf(steps);
        List<Evaluation> evaluated = List.copyOf(evaluations);
        tell(each -> each.begun(started(), earlier, evaluated));
    }

    @Override
    public void phase(String text) {
        tell(each -> each.phase(text));
    }

    @Override
    public void step(StepRecord step) {
        steps.add(step);
        tell(each -> each.step(step));
        watch(step)
                .ifPresent(stretch -> incident("arm %s has %s: %s"
                        .formatted(step.arm(), stretch.to().isPresent() ? "come back" : "collapsed", stretch.words())));
    }

    /** What a step shows of an arm that has collapsed, or has come back. */
    private Optional<CollapseWatch.Stretch> watch(StepRecord step) {
        return watches.get(step.arm()).step(step.step(), step.loss(), step.constantLoss());
    }

    void evaluation(Evaluation evaluation) {
        evaluations.add(evaluation);
        tell(each -> each.evaluation(evaluation));
    }

    @Override
    public void incident(String text) {
        incidents.add(text);
        tell(each -> each.incident(text));
    }

    @Override
    public void recovered(Recovery recovery) {
        incidents.add(recovery.toString());
        tell(each -> each.recovered(recovery));
    }

    private void tell(Consumer<RunListener> what) {
        what.accept(listener);
        listener.failures().forEach(this::incident);
    }

    List<StepRecord> steps() {
        return steps;
    }

    List<Evaluation> evaluations() {
        return evaluations;
    }

    List<String> incidents() {
        return incidents;
    }

    /** When the run began, in whichever driver. */
    Instant started() {
        return before.started();
    }

    /** Time that drivers have spent on the run so far. */
    Duration spent() {
        return before.spent().plus(Duration.between(opened, Instant.now()));
    }

    /** Ends what the run does beside its training. */
    @Override
    public void close() {}
}
