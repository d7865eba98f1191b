package siglip.job.losses;

import siglip.job.order.Slices;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.PairBlock;
import siglip.kernels.blas.Matrix;
import siglip.kernels.lines.SimilarityHistogram;
import siglip.kernels.lines.SolvedBias;

/**
 * The sigmoid loss with the bias at which it is least on this batch: a histogram of all similarities, from which each rank solves for the same
 * bias, then the plain sigmoid. Where the loss is least its derivative by the bias is 0, so the gradient needs no term for how the bias
 * follows the embeddings.
 */
final class HistogramPasses implements TwoPasses {
    private final LossExchange.Blocks blocks;
    private final LineMerge<SimilarityHistogram> histogram;
    private final SolvedBias solver = new SolvedBias();
    private LossScalars scalars; // of the step, its bias among them

    HistogramPasses(LossExchange.Blocks blocks) {
        this.blocks = blocks;
        histogram = new LineMerge<>(blocks, lines(blocks.ranks()), SimilarityHistogram::new);
    }

    static Slices lines(int ranks) {
        return new Slices(SimilarityHistogram.LINES, ranks);
    }

    @Override
    public void begin(LossStep step) {
        histogram.begin(step.arm(), step.step());
    }

    @Override
    public void gather(int lane, PairBlock part, int firstText) {
        blocks.lanes().kernels(lane).histogram().accumulate(part, histogram.part(lane));
    }

    /**
     * All ranks have the same bits of the histogram, hence of the bias; the first says it. If a similarity is no number the loss will
     * not be one either, whatever the bias.
     */
    @Override
    public void merge(LossStep step) {
        histogram.run();
        LossScalars given = step.scalars();
        double former = given.get(LossScalar.BIAS);
        double found = solver.of(histogram.whole(), given.logits().scale(), former);
        double bias = Double.isFinite(found) ? found : former;
        scalars = given.with(LossScalar.BIAS, bias);
        if (blocks.node().rank() == 0) {
            step.sums().setSolved(LossScalar.BIAS, bias);
        }
    }

    @Override
    public void accumulate(
            int lane, PairBlock part, int firstText, Matrix imageGradient, Matrix textGradient, LossSums sums) {
        blocks.lanes().kernels(lane).sigmoid().accumulate(part.with(scalars), imageGradient, textGradient, sums);
    }

    @Override
    public long bytes() {
        return histogram.bytes() + SolvedBias.bytes();
    }
}
