package siglip.job.losses;

import java.nio.DoubleBuffer;
import java.util.List;
import java.util.OptionalDouble;
import siglip.kernels.BlockShape;
import siglip.kernels.Footprint;
import siglip.kernels.LogSums;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.PairBlock;
import siglip.kernels.SoftmaxLoss;

/** CLIP's loss: all texts are gathered, for one pass that sums rows and columns, and another for the gradient. */
record SoftmaxSpec(LossForm form) implements LossSpec {
    private static final int COLUMNS = 4096; // to measure on
    private static final LossScalars START = LossScalars.of(Loss.SOFTMAX, Math.log(10));
    private static final LossWork FIRST_PASS =
            new LossWork("softmax_logit_first_pass", LossBlock::pairs, block -> new Sums(block)::add);
    private static final LossWork SECOND_PASS =
            new LossWork("softmax_logit_second_pass", LossBlock::pairs, block -> new Sums(block)::gradient);
    private static final LossWork MERGED_COLUMN = new LossWork("merged_column", block -> COLUMNS, block -> {
        LogSums sums = new LogSums(COLUMNS);
        DoubleBuffer wire = DoubleBuffer.allocate(COLUMNS * LogSums.FIELDS);
        return () -> {
            sums.write(0, COLUMNS, wire.clear());
            sums.merge(0, wire.clear());
            sums.read(0, wire.clear());
        };
    });

    /** Both passes over a block to measure on. */
    private static final class Sums {
        private final LossBlock block;
        private final PairBlock pairs;
        private final LogSums rows;
        private final LogSums columns;

        Sums(LossBlock block) {
            this.block = block;
            pairs = block.with(LossForm.plain(Loss.SOFTMAX), START);
            rows = new LogSums(block.images().rows());
            columns = new LogSums(block.texts().rows());
            add();
        }

        void add() {
            rows.clear();
            columns.clear();
            block.kernels().softmax().accumulateLogSums(pairs, rows, columns, 0);
        }

        void gradient() {
            block.kernels()
                    .softmax()
                    .accumulateGradient(
                            pairs, rows, columns, 0, block.imageGradient(), block.textGradient(), new LossSums());
        }
    }

    /** The logarithm of the candidates of a row, where rows have as many: of their mean number where masking takes more from some. Smoothed targets change nothing. */
    @Override
    public OptionalDouble constantLoss(int rows, long positives, long negatives) {
        return OptionalDouble.of(Math.log(((double) positives + negatives) / rows));
    }

    @Override
    public LossExchange exchange(LossExchange.Blocks blocks) {
        return new GatheringExchange(blocks, new LogSumPasses(blocks));
    }

    @Override
    public String holds() {
        return "gathered texts, sums of columns";
    }

    @Override
    public Footprint memory(LossShape shape, int rank) {
        return new Footprint(
                        (shape.ranks() - 1) * shape.textBytes() + shape.gradientBytes(),
                        LogSums.bytes(shape.rows().size(rank)))
                .plus(LineMerge.footprint(shape.rows(), rank, shape.cores(), LogSums.FIELDS));
    }

    @Override
    public Footprint kernels(BlockShape block) {
        return SoftmaxLoss.footprint(block);
    }

    @Override
    public long ringBytes(LossShape shape, int rank) {
        return shape.roundBytes(rank) + LineMerge.sentBytes(shape.rows(), rank, LogSums.FIELDS);
    }

    /** In the form whose gradients are exact, it gathers both sides and reduces the gradients of both. */
    @Override
    public int openClipBlocks() {
        return 4;
    }

    @Override
    public List<LossWork> work() {
        return List.of(FIRST_PASS, SECOND_PASS, MERGED_COLUMN);
    }

    @Override
    public LossTime time(LossPace pace) {
        double sums = pace.pass(FIRST_PASS) + pace.taken(1, 4 * (pace.block() + pace.pairs()));
        double gradient = pace.pass(SECOND_PASS) + pace.lanesAdded() + pace.taken(1, 4 * pace.block());
        LossShape shape = pace.shape();
        double all = shape.rows().total();
        long others = shape.ranks() - 1L;
        double merged = all * shape.cores() * pace.of(MERGED_COLUMN)
                + 2 * pace.network().seconds(others, LogSums.bytes(1) * (all - pace.pairs()));
        double computing = shape.ranks() * (sums + gradient);
        double whole = pace.timeline().gathering(sums, merged, gradient, pace.meanwhile());
        return LossTime.of(computing, whole, pace.meanwhile());
    }
}
