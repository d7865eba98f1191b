package siglip.job.figures;

import java.util.function.ToDoubleFunction;
import siglip.job.files.Unit;
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
            "largest divided by median; `null` if a norm was not finite",
            run -> maxOverMedian(run.norms())),
    MAX_NORM_AFTER_WARMUP(
            "gradient_norm.max_over_median_after_warmup",
            Unit.TIMES,
            "the same for the steps after `training.warmup-steps`; `null` if there are none",
            run -> maxOverMedian(run.normsAfterWarmup())),
    SPIKE_WINDOW(
            "spikes.window",
            Unit.COUNT,
            "number of earlier steps that a step is compared with: a quarter of the run, from 20 to 1,000",
            ArmRun::spikeWindow),
    JUDGED_STEPS(
            "spikes.judged",
            Unit.COUNT,
            "how many steps were judged: the completed ones after the first 20",
            run -> Math.max(0, run.count(StepRecord::finite) - Statistics.SHORTEST_WINDOW)),
    LOSS_SPIKES(
            "spikes.loss",
            Unit.COUNT,
            "steps whose loss is at least 7 standard deviations from the mean of the (up to) `window` steps before them; the first 20 steps are not judged. With a window of 1,000 this is the count behind OLMo 2's spike score (arXiv 2501.00656, section 3.2)",
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
