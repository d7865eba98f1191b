package siglip.job.losses;

import java.nio.DoubleBuffer;
import java.util.ArrayList;
import java.util.List;
import siglip.job.ring.GradientRing;
import siglip.job.ring.TextBlock;
import siglip.job.ring.TextRing;
import siglip.job.stage.Lanes;
import siglip.job.stage.Phase;
import siglip.job.stage.StepClock;
import siglip.kernels.LogSums;
import siglip.kernels.PairBlock;
import siglip.kernels.blas.Matrix;

/**
 * CLIP's softmax loss, exact for both towers, in the cheapest form known: the texts are gathered over the same ring, the rows
 * of the logits are local, the log-sum-exps of the columns are merged over the ranks, and the gradients of the texts go
 * home as those of the sigmoid do. What is inherent stays: N x d memory, a second pass over the logits, and no gradient
 * before all log-sum-exps are known.
 */
final class SoftmaxExchange implements LossExchange {
    private final Blocks blocks;
    private final List<TextBlock> gathered = new ArrayList<>();
    private final LogSums[] rows; // by lane
    private final LogSums[] columns; // by lane; the first is the whole once all are merged
    private final DoubleBuffer laneColumns;
    private final TextGradients textGradients;
    private final ColumnMerge merge;

    SoftmaxExchange(Blocks blocks) {
        this.blocks = blocks;
        for (int phase = 1; phase < blocks.ranks(); phase++) {
            gathered.add(new TextBlock(blocks.rows().largest(), blocks.width()));
        }
        Lanes lanes = blocks.lanes();
        int all = Math.toIntExact(blocks.rows().total());
        rows = new LogSums[lanes.count()];
        columns = new LogSums[lanes.count()];
        for (int lane = 0; lane < lanes.count(); lane++) {
            rows[lane] = new LogSums(
                    lanes.cut(blocks.rows().size(blocks.node().rank())).size(lane));
            columns[lane] = new LogSums(all);
        }
        laneColumns = DoubleBuffer.allocate(lanes.count() == 1 ? 0 : all * LogSums.FIELDS);
        textGradients = new TextGradients(blocks);
        merge = new ColumnMerge(blocks.node(), blocks.rows());
    }

    @Override
    public Runnable run(LossStep step) {
        int self = blocks.node().rank();
        TextBlock own = step.texts();
        TextRing texts = new TextRing(blocks.node(), blocks.rows(), step.arm(), step.step(), own, gathered);
        GradientRing gradients = textGradients.ring(step);
        merge.offer(step.arm(), step.step());
        StepClock clock = step.clock();
        for (int lane = 0; lane < rows.length; lane++) {
            rows[lane].clear();
            columns[lane].clear();
        }
        for (int phase = 0; phase < blocks.ranks(); phase++) {
            TextBlock block = phase == 0 ? own : texts.await(phase);
            clock.lap(Phase.HOPS);
            int owner = texts.owner(phase);
            accumulateLogSums(blocks.pairs(step, owner, block), blocks.rows().start(owner));
            clock.lap(Phase.LOSS);
        }
        step.sums().loss += mergeLanes() + merge.run(columns[0]);
        clock.lap(Phase.HOPS);

        step.imageGradient().clear();
        step.textGradient().clear();
        for (int phase = 0; phase < blocks.ranks(); phase++) {
            TextBlock block = phase == 0 ? own : gathered.get(phase - 1);
            Matrix share = phase == 0 ? step.textGradient() : gradients.share(phase);
            clock.lap(Phase.HOPS);
            int owner = texts.owner(phase);
            accumulateGradient(
                    step, blocks.pairs(step, owner, block), blocks.rows().start(owner), share);
            clock.lap(Phase.LOSS);
            if (owner != self) {
                gradients.pass(phase, share);
            }
        }
        clock.lap(Phase.HOPS);
        return () -> {
            gradients.home(step.textGradient());
            texts.finish();
        };
    }

    /** First pass over a block; each lane takes its rows of the images. */
    private void accumulateLogSums(PairBlock pairs, int firstColumn) {
        Lanes lanes = blocks.lanes();
        lanes.each(pairs.images().rows(), (lane, from, count) -> lanes.kernels(lane)
                .softmax()
                .accumulateLogSums(pairs.images(from, count), rows[lane], columns[lane], firstColumn));
    }

    /**
     * Merges the lanes' parts of the columns into the first, in the order of lanes.
     *
     * @return the rows' share of the loss
     */
    private double mergeLanes() {
        double loss = rows[0].loss();
        for (int lane = 1; lane < rows.length; lane++) {
            columns[lane].write(0, columns[lane].rows(), laneColumns.clear());
            columns[0].merge(0, laneColumns.clear());
            loss += rows[lane].loss();
        }
        return loss;
    }

    /** Second pass over a block; each lane takes its rows of the images. */
    private void accumulateGradient(LossStep step, PairBlock pairs, int firstColumn, Matrix textGradient) {
        textGradients.accumulate(step, pairs, textGradient, (lane, part, toRows, toTexts, partSums) -> blocks.lanes()
                .kernels(lane)
                .softmax()
                .accumulateGradient(part, rows[lane], columns[0], firstColumn, toRows, toTexts, partSums));
    }

    @Override
    public long bytes() {
        long lines = 0;
        for (int lane = 0; lane < rows.length; lane++) {
            lines += rows[lane].rows() + columns[lane].rows();
        }
        return textGradients.bytes()
                + gathered.stream().mapToLong(TextBlock::bytes).sum()
                + 8L * (LogSums.FIELDS * lines + laneColumns.capacity())
                + merge.bytes();
    }
}
