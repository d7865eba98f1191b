package siglip.job.training;

import java.util.List;
import siglip.job.batches.Batch;
import siglip.job.losses.LossExchange;
import siglip.job.losses.LossSpec;
import siglip.job.losses.LossStep;
import siglip.job.ring.RankNode;
import siglip.job.ring.RankReduction;
import siglip.job.ring.TextBlock;
import siglip.job.stage.Lanes;
import siglip.job.stage.Phase;
import siglip.job.stage.RankStep;
import siglip.job.stage.StepClock;
import siglip.job.towers.Modality;
import siglip.job.towers.Parameters;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossSums;
import siglip.kernels.blas.Matrix;

/** One arm on one rank: its copy of the parameters, and a step from a batch to new parameters. */
final class ArmWorker {
    private final int arm;
    private final SegmentPlan plan;
    private final RankNode node;
    private final Lanes lanes;
    private final List<LaneTowers> towers;
    private final RankReduction reduction;
    private final LossExchange exchange;
    private final Parameters parameters;
    private final TextBlock own;
    private final Matrix images;
    private final Matrix imageGradient;
    private final Matrix textGradient;
    private final StepClock clock = new StepClock();
    private final Loss loss;
    private DriverScalars told;

    /** @param exchange of the arm's loss */
    ArmWorker(int arm, SegmentPlan plan, RankNode node, Lanes lanes, List<LaneTowers> towers, LossExchange exchange) {
        this.arm = arm;
        this.plan = plan;
        this.loss = plan.arms().get(arm).form().loss();
        this.node = node;
        this.lanes = lanes;
        this.towers = towers;
        this.exchange = exchange;
        int width = plan.model().width();
        int n = plan.rows().size(node.rank());
        reduction = new RankReduction(node, plan.pieces());
        parameters = Parameters.allocate(plan.model().layout());
        own = new TextBlock(n, width);
        images = Matrix.allocate(n, width);
        imageGradient = Matrix.allocate(n, width);
        textGradient = Matrix.allocate(n, width);
    }

    /** The exchange of the plan's loss. */
    static LossExchange exchange(int arm, SegmentPlan plan, RankNode node, Lanes lanes) {
        LossForm form = plan.arms().get(arm).form();
        return LossSpec.of(form)
                .exchange(new LossExchange.Blocks(
                        form,
                        node,
                        plan.rows(),
                        plan.model().width(),
                        plan.arms().get(arm).duplicates(),
                        lanes));
    }

    /** Takes the parameters that the segment starts from. */
    void start() {
        RankReduction.Offers offers = reduction.offerStart(arm);
        told = DriverScalars.read(loss, reduction.update(offers, parameters.dense(), parameters.table()));
    }

    /** Whether this arm has a step to do: it trains on, and has not completed the step in an earlier attempt. */
    boolean due(long step) {
        return told.active() && step >= plan.nextSteps().get(arm);
    }

    /**
     * One step.
     *
     * @param batch this rank's slice of the global batch
     * @param batchSeconds what taking it from its source took; 0 for all but the first arm of a step
     */
    void step(long step, Batch batch, double batchSeconds) {
        clock.start();
        RankReduction.Offers offers = reduction.offer(arm, step);
        own.shape(batch.rows());
        forward(step, batch);
        own.writeConceptIds(batch.conceptIds());
        clock.lap(Phase.FORWARD);
        LossSums sums = new LossSums();
        Runnable pending = exchange.run(new LossStep(
                arm, step, plan.seed(), images, own, told.scalars(), imageGradient, textGradient, sums, clock));
        backward(Modality.IMAGE, images, imageGradient);
        clock.lap(Phase.BACKWARD);
        pending.run(); // micro-batches then write the texts again
        clock.lap(Phase.HOPS);
        backward(Modality.TEXT, own.embeddings(), textGradient);
        clock.lap(Phase.BACKWARD);
        reduction.reduce(
                offers,
                towers.stream().map(LaneTowers::dense).toList(),
                towers.stream().flatMap(lane -> lane.table().stream()).toList(),
                new RankScalars(sums, bytes()).toArray(loss));
        clock.lap(Phase.REDUCE);
        told = DriverScalars.read(loss, reduction.update(offers, parameters.dense(), parameters.table()));
        clock.lap(Phase.UPDATE);
        RankStep done =
                new RankStep(node.rank(), clock.seconds(batchSeconds), node.takeRingBytes(), node.takeReduceBytes());
        TrainingMetrics.step(done);
        node.report(arm, step, done.toArray());
    }

    /** Each lane embeds its rows of the batch. */
    private void forward(long step, Batch batch) {
        Matrix texts = own.embeddings();
        lanes.each(batch.rows(), (lane, from, count) -> {
            Batch part = lanes.count() == 1 ? batch : batch.part(from, count);
            towers.get(lane)
                    .forward(parameters, part, plan.seed(), step, images.rows(from, count), texts.rows(from, count));
        });
    }

    /** Each lane turns the gradient of its rows into its share of the rank's gradient of a tower. */
    private void backward(Modality of, Matrix embeddings, Matrix gradient) {
        if (plan.arms().get(arm).frozen().contains(of)) {
            towers.forEach(lane -> lane.noGradient(of));
            return;
        }
        lanes.each(embeddings.rows(), (lane, from, count) -> towers.get(lane)
                .backward(of, parameters, embeddings.rows(from, count), gradient.rows(from, count)));
    }

    /** Bytes of memory that the arm needs of the rank, with the towers and kernels that all arms share. */
    private long bytes() {
        return parameters.bytes()
                + lanes.bytes()
                + reduction.bytes()
                + exchange.bytes()
                + own.bytes()
                + 4L * ((long) images.size() + imageGradient.size() + textGradient.size())
                + towers.stream().mapToLong(LaneTowers::bytes).sum();
    }
}
