package siglip.job.losses;

import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import siglip.kernels.Footprint;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;

/**
 * Any loss of centred embeddings.
 *
 * @param form with the option
 */
record CentredSpec(LossForm form) implements LossSpec {
    private static final int PASSES =
            8; // over a block of embeddings: sums, differences, gradients and their differences of both sides

    private LossSpec loss() {
        return LossSpec.of(form.without(LossOption.CENTRED));
    }

    @Override
    public double start(LossScalar scalar, Map<LossScalar, Double> before, int batchSize) {
        return loss().start(scalar, before, batchSize);
    }

    @Override
    public OptionalDouble constantLoss(int rows, long positives, long negatives) {
        return loss().constantLoss(rows, positives, negatives);
    }

    @Override
    public LossExchange exchange(LossExchange.Blocks blocks) {
        return new CentredExchange(loss().exchange(blocks), blocks);
    }

    @Override
    public String holds() {
        return loss().holds() + ", centred embeddings";
    }

    @Override
    public Footprint memory(LossShape shape, int rank) {
        return loss().memory(shape, rank).plus(CentredExchange.footprint(shape, rank));
    }

    @Override
    public Set<LossKernels.Memory> kernels() {
        return loss().kernels();
    }

    @Override
    public long ringBytes(LossShape shape, int rank) {
        return loss().ringBytes(shape, rank) + RankSums.sent(shape.ranks(), CentredExchange.counts(shape.width()));
    }

    @Override
    public int openClipBlocks() {
        return loss().openClipBlocks();
    }

    @Override
    public List<LossWork> work() {
        return loss().work();
    }

    @Override
    public LossTime time(LossPace pace) {
        LossShape shape = pace.shape();
        LossTime time = loss().time(pace);
        double waiting = time.waiting();
        for (int count : CentredExchange.counts(shape.width())) {
            waiting += pace.network().seconds(shape.ranks() - 1L, (double) RankSums.sent(shape.ranks(), count));
        }
        double rows = PASSES * pace.block() * pace.copiedFloat() / shape.cores();
        return new LossTime(time.computing() + rows, waiting);
    }
}
