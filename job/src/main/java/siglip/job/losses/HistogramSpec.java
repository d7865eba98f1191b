package siglip.job.losses;

import java.nio.DoubleBuffer;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;
import siglip.job.order.Slices;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossKernels;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.PairBlock;
import siglip.kernels.lines.SimilarityHistogram;
import siglip.kernels.lines.SolvedBias;

/**
 * SigLIP's loss where something must be known of all similarities first: the bias at which it is least, or which negatives are the hardest or the easiest. One pass for a
 * histogram, another for the gradient.
 */
record HistogramSpec(LossForm form) implements GatheringSpec {
    private static final LossScalars START = LossScalars.of(Loss.SIGMOID_SOLVED, Math.log(10), -10);
    private static final LossWork FIRST_PASS = new LossWork("histogram_logit", LossBlock::pairs, block -> {
        PairBlock pairs = pairs(block);
        SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
        return () -> block.kernels().histogram().accumulate(pairs, histogram);
    });
    private static final LossWork MERGED_LINE =
            new LossWork("merged_bin", block -> SimilarityHistogram.LINES, block -> {
                SimilarityHistogram histogram = new SimilarityHistogram(SimilarityHistogram.LINES);
                block.kernels().histogram().accumulate(pairs(block), histogram);
                DoubleBuffer wire = DoubleBuffer.allocate(SimilarityHistogram.LINES * SimilarityHistogram.FIELDS);
                SolvedBias solver = new SolvedBias();
                return () -> {
                    histogram.write(0, histogram.lines(), wire.clear());
                    histogram.read(0, wire.clear());
                    solver.of(histogram, 10, 0);
                };
            });

    private static PairBlock pairs(LossBlock block) {
        return block.with(LossForm.plain(Loss.SIGMOID_SOLVED), START);
    }

    /** As the sigmoid with one pass. A bias that is computed starts there for batches in which there is nothing to solve, as in one of one pair. */
    @Override
    public double start(LossScalar scalar, Map<LossScalar, Double> before, int batchSize) {
        return new SigmoidSpec(form).start(scalar, before, batchSize);
    }

    @Override
    public OptionalDouble constantLoss(int rows, long positives, long negatives) {
        return new SigmoidSpec(form).constantLoss(rows, positives, negatives);
    }

    @Override
    public TwoPasses passes(LossExchange.Blocks blocks) {
        return new HistogramPasses(blocks);
    }

    @Override
    public Set<LossKernels.Memory> kernels() {
        Set<LossKernels.Memory> used = EnumSet.of(LossKernels.Memory.HISTOGRAM);
        used.addAll(new SigmoidSpec(form).kernels());
        return used;
    }

    @Override
    public String holds() {
        return "gathered texts, a histogram";
    }

    @Override
    public Slices lines(LossShape shape) {
        return HistogramPasses.lines(shape.ranks());
    }

    @Override
    public int lineWidth() {
        return SimilarityHistogram.FIELDS;
    }

    @Override
    public long ownBytes(LossShape shape, int rank) {
        return SolvedBias.bytes();
    }

    /** As the plain sigmoid; open_clip has no such loss. */
    @Override
    public int openClipBlocks() {
        return 2;
    }

    @Override
    public LossWork firstPass() {
        return FIRST_PASS;
    }

    @Override
    public LossWork secondPass() {
        return SigmoidSpec.LOGIT;
    }

    @Override
    public LossWork mergedLine() {
        return MERGED_LINE;
    }

    @Override
    public List<LossWork> work() {
        return List.of(FIRST_PASS, SigmoidSpec.LOGIT, MERGED_LINE);
    }
}
