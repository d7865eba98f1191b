package siglip.job.losses;

import siglip.job.order.Slices;
import siglip.kernels.Footprint;

/** A loss with two passes over the logits, between which lines are merged: what {@link GatheringExchange} runs. */
sealed interface GatheringSpec extends LossSpec permits HistogramSpec, SoftmaxSpec {
    /** What it does with a block in each of its passes. */
    TwoPasses passes(LossExchange.Blocks blocks);

    /** The lines that are merged, cut into the ranks' own. */
    Slices lines(LossShape shape);

    /** Doubles to a line. */
    int lineWidth();

    /** Bytes of the heap that the passes hold on a rank beside the lines. */
    long ownBytes(LossShape shape, int rank);

    LossWork firstPass();

    LossWork secondPass();

    /** Writing, merging and reading one line. */
    LossWork mergedLine();

    @Override
    default LossExchange exchange(LossExchange.Blocks blocks) {
        return new GatheringExchange(blocks, passes(blocks));
    }

    @Override
    default Footprint memory(LossShape shape, int rank) {
        return new Footprint((shape.ranks() - 1) * shape.textBytes() + shape.gradientBytes(), ownBytes(shape, rank))
                .plus(LineMerge.footprint(lines(shape), rank, shape.cores(), lineWidth()));
    }

    @Override
    default long ringBytes(LossShape shape, int rank) {
        return shape.roundBytes(rank) + LineMerge.sentBytes(lines(shape), rank, lineWidth());
    }

    @Override
    default LossTime time(LossPace pace) {
        double sums = pace.pass(firstPass()) + pace.taken(1, 4 * (pace.block() + pace.pairs()));
        double gradient = pace.pass(secondPass()) + pace.lanesAdded() + pace.taken(1, 4 * pace.block());
        LossShape shape = pace.shape();
        double all = lines(shape).total();
        double ofOthers = all - lines(shape).largest();
        double merged = all * shape.cores() * pace.of(mergedLine())
                + 2 * pace.network().seconds(shape.ranks() - 1L, Double.BYTES * lineWidth() * ofOthers);
        double computing = shape.ranks() * (sums + gradient);
        double whole = pace.timeline().gathering(sums, merged, gradient, pace.meanwhile());
        return LossTime.of(computing, whole, pace.meanwhile());
    }
}
