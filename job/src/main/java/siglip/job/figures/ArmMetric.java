package siglip.job.figures;

import java.util.function.ToDoubleFunction;
import siglip.job.files.Unit;
import siglip.job.stability.LocalLevel;
import siglip.job.stability.Statistics;
import siglip.job.stage.RankStep;
import siglip.job.training.StepRecord;

/**
 * A number that says how an arm trained: its place in {@code metrics.json}, its unit, what it means in {@code docs/metrics.md}, and how it
 * is computed. A constant here and its line there are all that a new one takes; the table of the report names those that it shows.
 */
public enum ArmMetric {
    COMPLETED_STEPS(
            "completed_steps", Unit.COUNT, "steps with finite loss and gradient", run -> run.count(StepRecord::finite)),
    FINAL_LOSS(
            "final_loss",
            Unit.NUMBER,
            "mean loss of the last steps; sigmoid and softmax losses are not comparable",
            run -> run.meanOfLast(StepRecord::loss)),
    FINAL_LOSS_STEPS(
            "final_loss_steps",
            Unit.COUNT,
            "how many steps that is: a twentieth of the run, from 1 to 100",
            run -> Math.min(run.lastSteps(), run.steps().size())),
    POSITIVE_LOGIT(
            "logits.positive",
            Unit.NUMBER,
            "mean logit of the positive pairs, over the same steps",
            run -> run.meanOfLast(StepRecord::positiveLogit)),
    NEGATIVE_LOGIT(
            "logits.negative",
            Unit.NUMBER,
            "the same for the negative pairs",
            run -> run.meanOfLast(StepRecord::negativeLogit)),
    MEDIAN_NORM(
            "gradient_norm.median",
            Unit.NUMBER,
            "over the finite steps, before clipping",
            run -> Statistics.median(run.norms())),
    MAX_NORM(
            "gradient_norm.max_over_median",
            Unit.TIMES,
            "largest divided by the median of the whole run, which shows how far the norm has fallen as much as what stands out; `null` if a norm was not finite",
            run -> maxOverMedian(run.norms())),
    MAX_NORM_AFTER_WARMUP(
            "gradient_norm.max_over_median_after_warmup",
            Unit.TIMES,
            "the same for the steps after `training.warmup-steps`; `null` if there are none",
            run -> maxOverMedian(run.normsAfterWarmup())),
    TOWER_NORM(
            "gradient_norm.towers",
            Unit.NUMBER,
            "median over towers and table rows alone, without the scalars of the loss",
            run -> Statistics.median(run.values(StepRecord::towerGradientNorm))),
    SCALAR_NORM(
            "gradient_norm.scalars",
            Unit.NUMBER,
            "median over the scalars of the loss alone",
            run -> Statistics.median(run.values(StepRecord::scalarGradientNorm))),
    LOCAL_WINDOW(
            "local.window",
            Unit.COUNT,
            "number of earlier steps whose median a step is compared with, so that a trend does not count; near the start there are fewer",
            run -> LocalLevel.WINDOW),
    START_STEPS(
            "local.start_steps",
            Unit.COUNT,
            "steps that are judged apart as the start: the warm-up, and at least 20",
            ArmRun::startSteps),
    LOCAL_NORM_SCATTER(
            "local.gradient_norm.scatter",
            Unit.SHARE,
            "how much the gradient norm varies from step to step: scatter around the median of the (up to) `window` steps before (1.4826 times the median absolute deviation) over that median; of all steps after the start, the median",
            run -> run.norm().relativeScatter(run.startSteps())),
    LOCAL_NORM_MAX(
            "local.gradient_norm.max",
            Unit.TIMES,
            "gradient norm over the median of the (up to) `window` steps before it: the largest after the start",
            run -> Statistics.max(run.settled(run.norm()))),
    LOCAL_NORM_P99(
            "local.gradient_norm.p99",
            Unit.TIMES,
            "99 of 100 steps after the start have at most this",
            run -> Statistics.quantile(0.99, run.settled(run.norm()))),
    LOCAL_NORM_START(
            "local.gradient_norm.max_at_start",
            Unit.TIMES,
            "the largest of the start, from the sixth step on",
            run -> Statistics.max(run.starting(run.norm()))),
    LOCAL_LOSS_MAX(
            "local.loss.max", Unit.TIMES, "the same three of the loss", run -> Statistics.max(run.settled(run.loss()))),
    LOCAL_LOSS_P99(
            "local.loss.p99", Unit.TIMES, "99 of 100 steps", run -> Statistics.quantile(0.99, run.settled(run.loss()))),
    LOCAL_LOSS_START(
            "local.loss.max_at_start",
            Unit.TIMES,
            "the largest of the start",
            run -> Statistics.max(run.starting(run.loss()))),
    LOCAL_NORM_SPIKES(
            "spikes.local_gradient_norm",
            Unit.COUNT,
            "steps whose gradient norm is above the median of the (up to) `local.window` steps before it by at least 7 times their scatter: 1.4826 times the median absolute deviation, which is the standard deviation of Gaussian noise, and at least 1 % of the median. The first 20 steps are not judged",
            run -> run.norm().spikes(Statistics.SHORTEST_WINDOW)),
    LOCAL_LOSS_SPIKES("spikes.local_loss", Unit.COUNT, "the same for the loss", run -> run.loss()
            .spikes(Statistics.SHORTEST_WINDOW)),
    SPIKE_WINDOW(
            "spikes.window",
            Unit.COUNT,
            "number of earlier steps that a step is compared with in the two counts below: a quarter of the run, from 20 to 1,000",
            ArmRun::spikeWindow),
    JUDGED_STEPS(
            "spikes.judged",
            Unit.COUNT,
            "how many steps were judged: the completed ones after the first 20",
            run -> Math.max(0, run.count(StepRecord::finite) - Statistics.SHORTEST_WINDOW)),
    LOSS_SPIKES(
            "spikes.loss",
            Unit.COUNT,
            "steps whose loss is at least 7 standard deviations from the mean of the (up to) `window` steps before them; the first 20 steps are not judged. With a window of 1,000 this is the count behind OLMo 2's spike score (arXiv 2501.00656, section 3.2). A loss or norm that falls makes the deviation large, so that hardly any step counts",
            run -> Statistics.spikes(run.spikeWindow(), run.values(StepRecord::loss))),
    NORM_SPIKES(
            "spikes.gradient_norm",
            Unit.COUNT,
            "the same for the gradient norm",
            run -> Statistics.spikes(run.spikeWindow(), run.norms())),
    CLIPPED_STEPS(
            "clipped_steps", Unit.COUNT, "steps whose gradient was scaled down", run -> run.count(StepRecord::clipped)),
    STEP_SECONDS(
            "seconds_per_step",
            Unit.SECONDS,
            "median; does not count evaluations and starts of segments",
            ArmRun::medianSeconds),
    STEP_SECONDS_LOWER_QUARTILE(
            "seconds_per_step_lower_quartile",
            Unit.SECONDS,
            "a quarter of the steps took at most this",
            run -> Statistics.quantile(0.25, run.values(StepRecord::seconds))),
    STEP_SECONDS_UPPER_QUARTILE(
            "seconds_per_step_upper_quartile",
            Unit.SECONDS,
            "three quarters of the steps took at most this",
            run -> Statistics.quantile(0.75, run.values(StepRecord::seconds))),
    PAIRS_PER_SECOND(
            "pairs_per_second",
            Unit.COUNT,
            "`run.batch_size` divided by `seconds_per_step`",
            run -> run.training().batchSize() / run.medianSeconds()),
    WAITING_SHARE(
            "waiting_share", Unit.SHARE, "share of hops, reduce, driver and update in all phases", run -> run.times()
                    .waitingShare()),
    PEAK_RANK_BYTES(
            "peak_rank_bytes",
            Unit.BYTES,
            "largest memory of a rank for this arm alone, added up rather than measured: parameters, gradients, activations, blocks, tiles; a buffer that arms share counts for each",
            run -> run.result().peakRankBytes()),
    RING_BYTES(
            "bytes_per_step.ring",
            Unit.BYTES,
            "sent by a rank for the loss: median over steps of the mean over ranks",
            run -> run.medianOverSteps(RankStep::ringBytes)),
    REDUCE_BYTES(
            "bytes_per_step.reduce",
            Unit.BYTES,
            "sent by a rank to other ranks and the driver for gradients and parameters",
            run -> run.medianOverSteps(RankStep::reduceBytes)),
    OPEN_CLIP_BYTES(
            "bytes_per_step.open_clip_ring",
            Unit.BYTES,
            "what open_clip would send for the loss; calculated",
            run -> run.result().openClipBytesPerStep());

    private final String key;
    private final Unit unit;
    private final String words;

    @SuppressWarnings("ImmutableEnumChecker") // functions without state
    private final ToDoubleFunction<ArmRun> value;

    ArmMetric(String key, Unit unit, String words, ToDoubleFunction<ArmRun> value) {
        this.key = key;
        this.unit = unit;
        this.words = words;
        this.value = value;
    }

    /** Keys in {@code metrics.json} from the arm down, with dots between them. */
    public String key() {
        return key;
    }

    public Unit unit() {
        return unit;
    }

    /** What it means, as {@code docs/metrics.md} says it. */
    public String words() {
        return words;
    }

    /** NaN if there is no such number. */
    double of(ArmRun run) {
        return value.applyAsDouble(run);
    }

    private static double maxOverMedian(double[] norms) {
        return Statistics.max(norms) / Statistics.median(norms);
    }
}
