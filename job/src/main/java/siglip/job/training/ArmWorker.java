package siglip.job.training;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import siglip.job.data.Batch;
import siglip.job.data.Slices;
import siglip.job.ring.PieceLayout;
import siglip.job.ring.RankNode;
import siglip.job.ring.RankReduction;
import siglip.job.ring.TextBlock;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Parameters;
import siglip.job.towers.SparseRows;
import siglip.job.towers.TowerPair;
import siglip.kernels.LogitParams;
import siglip.kernels.LossSums;
import siglip.kernels.blas.Matrix;

/** One arm on one rank: its copy of the parameters, and a step from a batch to new parameters. */
final class ArmWorker {
    private final int arm;
    private final SegmentPlan plan;
    private final RankNode node;
    private final Lanes lanes;
    private final List<TowerPair> towers;
    private final RankReduction reduction;
    private final LossExchange exchange;
    private final Parameters parameters;
    private final TextBlock own;
    private final Matrix images;
    private final Matrix imageGradient;
    private final Matrix textGradient;
    private final List<Matrix> dense = new ArrayList<>();
    private final List<SparseRows> tables = new ArrayList<>();
    private final List<Batch> parts;
    private final long bytes;
    private final StepClock clock = new StepClock();
    private LogitParams logits;
    private boolean active;

    /** @param towers one pair a lane */
    ArmWorker(int arm, SegmentPlan plan, RankNode node, Lanes lanes, List<TowerPair> towers) {
        this(arm, plan, node, lanes, towers, exchange(arm, plan, node, lanes));
    }

    /** With an exchange of the caller's making. */
    ArmWorker(int arm, SegmentPlan plan, RankNode node, Lanes lanes, List<TowerPair> towers, LossExchange exchange) {
        this.arm = arm;
        this.plan = plan;
        this.node = node;
        this.lanes = lanes;
        this.towers = towers;
        this.exchange = exchange;
        Slices rows = plan.rows();
        int width = plan.model().width();
        ParameterLayout layout = plan.model().layout();
        PieceLayout pieces = plan.pieces();
        reduction = new RankReduction(node, pieces);
        int n = rows.size(node.rank());
        parts = new ArrayList<>(
                Collections.nCopies(lanes.count(), new Batch(plan.model().shape(), 0)));
        parameters = Parameters.allocate(layout);
        own = new TextBlock(n, width);
        images = Matrix.allocate(n, width);
        imageGradient = Matrix.allocate(n, width);
        textGradient = Matrix.allocate(n, width);
        for (int lane = 0; lane < lanes.count(); lane++) {
            dense.add(Matrix.allocate(1, layout.dense()));
            tables.add(new SparseRows(layout.tableWidth()));
        }
        bytes = parameters.bytes()
                + towers.stream().mapToLong(TowerPair::bytes).sum()
                + lanes.workingBytes()
                + reduction.bytes()
                + exchange.bytes()
                + own.bytes()
                + 4L * (3L * n * width + (long) lanes.count() * layout.dense());
    }

    /** The exchange of the plan's loss. */
    static LossExchange exchange(int arm, SegmentPlan plan, RankNode node, Lanes lanes) {
        return LossExchange.of(
                plan.arms().get(arm), node, plan.rows(), plan.model().width(), plan.duplicates(), lanes);
    }

    /** Takes the parameters that the segment starts from. */
    void start() {
        RankReduction.Offers offers = reduction.offerStart(arm);
        take(reduction.update(offers, parameters.dense(), parameters.table()));
    }

    /** Whether this arm has a step to do: it trains on, and has not completed the step in an earlier attempt. */
    boolean due(long step) {
        return active && step >= plan.nextSteps().get(arm);
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
        own.writeCaptions(batch.captions());
        clock.lap(StepClock.Phase.FORWARD);
        LossSums sums = new LossSums();
        exchange.run(arm, step, images, own, logits, imageGradient, textGradient, sums, clock);
        List<RankReduction.Share> shares = backward();
        clock.lap(StepClock.Phase.BACKWARD);
        long tableBytes = tables.stream().mapToLong(SparseRows::bytes).sum();
        reduction.reduce(offers, shares, new RankScalars(sums, bytes + tableBytes).toArray());
        clock.lap(StepClock.Phase.REDUCE);
        take(reduction.update(offers, parameters.dense(), parameters.table()));
        clock.lap(StepClock.Phase.UPDATE);
        node.report(arm, step, clock.report(batchSeconds, node.takeRingBytes(), node.takeReduceBytes()));
    }

    /** Each lane embeds its rows of the batch. */
    private void forward(long step, Batch batch) {
        Slices cut = lanes.cut(batch.rows());
        Matrix texts = own.embeddings();
        lanes.each(lane -> {
            int from = cut.start(lane);
            int count = cut.size(lane);
            Batch part = lanes.count() == 1 ? batch : batch.part(from, count);
            parts.set(lane, part);
            towers.get(lane)
                    .forward(parameters, part, plan.seed(), step, images.rows(from, count), texts.rows(from, count));
        });
    }

    /** Each lane turns the gradients of its rows into its share of the rank's gradient. */
    private List<RankReduction.Share> backward() {
        lanes.each(lane -> {
            int from = lanes.cut(images.rows()).start(lane);
            int count = lanes.cut(images.rows()).size(lane);
            towers.get(lane)
                    .backward(
                            parameters,
                            parts.get(lane),
                            imageGradient.rows(from, count),
                            textGradient.rows(from, count),
                            dense.get(lane),
                            tables.get(lane));
        });
        List<RankReduction.Share> shares = new ArrayList<>();
        for (int lane = 0; lane < lanes.count(); lane++) {
            SparseRows table = tables.get(lane);
            shares.add(new RankReduction.Share(dense.get(lane), table.ids(), table.count(), table.values()));
        }
        return shares;
    }

    private void take(double[] scalars) {
        logits = new LogitParams(scalars[ArmAuthority.LOG_SCALE], scalars[ArmAuthority.BIAS]);
        active = scalars[ArmAuthority.ACTIVE] == 1;
    }
}
