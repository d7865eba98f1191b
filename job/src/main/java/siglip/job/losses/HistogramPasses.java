package siglip.job.losses;

import siglip.job.order.Slices;
import siglip.kernels.LossForm;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.PairBlock;
import siglip.kernels.blas.Matrix;
import siglip.kernels.lines.NegativeRange;
import siglip.kernels.lines.SimilarityHistogram;
import siglip.kernels.lines.SolvedBias;

/**
 * The sigmoid loss where a histogram of all similarities comes first: from it each rank solves for the same bias, the one at which the loss of this batch is least, or
 * finds the same range of the hardest or the easiest negatives. Then the plain sigmoid. Where the loss is least its derivative by the bias is 0, so the gradient needs no
 * term for how the bias follows the embeddings; that the range does is taken for constant.
 */
final class HistogramPasses implements TwoPasses {
    private static final NegativeRange ALL = new NegativeRange(Float.NEGATIVE_INFINITY, Float.POSITIVE_INFINITY);

    private final LossExchange.Blocks blocks;
    private final LineMerge<SimilarityHistogram> histogram;
    private final SolvedBias solver = new SolvedBias();
    private LossScalars scalars; // of the step, with its bias
    private NegativeRange range = ALL;

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

    /** All ranks have the same bits of the histogram, hence of what follows from it. */
    @Override
    public void merge(LossStep step) {
        histogram.run();
        scalars = step.scalars();
        LossForm form = blocks.form();
        if (form.loss().solves(LossScalar.BIAS)) {
            solve(step);
        } else if (form.has(LossOption.HARDEST_NEGATIVES)) {
            range = NegativeRange.hardest(histogram.whole(), form.keptNegatives());
        } else {
            range = NegativeRange.easiest(histogram.whole(), form.keptNegatives());
        }
    }

    /** The first rank says the bias. If a similarity is no number the loss will not be one either, whatever the bias. */
    private void solve(LossStep step) {
        double former = scalars.get(LossScalar.BIAS);
        double found = solver.of(histogram.whole(), scalars.logits().scale(), former);
        double bias = Double.isFinite(found) ? found : former;
        scalars = scalars.with(LossScalar.BIAS, bias);
        if (blocks.node().rank() == 0) {
            step.sums().setSolved(LossScalar.BIAS, bias);
        }
    }

    @Override
    public void accumulate(
            int lane, PairBlock part, int firstText, Matrix imageGradient, Matrix textGradient, LossSums sums) {
        PairBlock pairs = part.with(scalars).with(part.batch().within(range.least(), range.limit()));
        blocks.lanes().kernels(lane).sigmoid().accumulate(pairs, imageGradient, textGradient, sums);
    }

    @Override
    public long bytes() {
        return histogram.bytes() + SolvedBias.bytes();
    }
}
