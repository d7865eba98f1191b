package siglip.job.training;

import java.util.ArrayList;
import java.util.List;
import siglip.job.ring.ColumnMerge;
import siglip.job.ring.GradientRing;
import siglip.job.ring.TextBlock;
import siglip.job.ring.TextRing;
import siglip.kernels.LogSums;
import siglip.kernels.LogitParams;
import siglip.kernels.LossSums;
import siglip.kernels.SoftmaxLoss;
import siglip.kernels.blas.Matrix;

/**
 * CLIP's softmax loss, exact for both towers, in the cheapest form known: the texts are gathered over the same ring, the rows
 * of the logits are local, the log-sum-exps of the columns are merged over the ranks, and the gradients of the texts go
 * home as those of the sigmoid do. What is inherent stays: N x d memory, a second pass over the logits, and no gradient
 * before all log-sum-exps are known.
 */
final class SoftmaxExchange implements LossExchange {
    private final Blocks blocks;
    private final SoftmaxLoss loss;
    private final List<TextBlock> gathered = new ArrayList<>();
    private final List<Matrix> shares = new ArrayList<>();
    private final List<Matrix> arriving = new ArrayList<>();
    private final LogSums rows;
    private final LogSums columns;
    private final ColumnMerge merge;

    SoftmaxExchange(Blocks blocks, SoftmaxLoss loss) {
        this.blocks = blocks;
        this.loss = loss;
        for (int phase = 1; phase < blocks.ranks(); phase++) {
            gathered.add(new TextBlock(blocks.rows().largest(), blocks.width()));
        }
        for (int i = 0; i < GradientRing.PLACES && blocks.ranks() > 1; i++) {
            shares.add(blocks.allocate());
            arriving.add(blocks.allocate());
        }
        rows = new LogSums(blocks.rows().size(blocks.node().rank()));
        columns = new LogSums(Math.toIntExact(blocks.rows().total()));
        merge = new ColumnMerge(blocks.node(), blocks.rows());
    }

    @Override
    public void run(
            int arm,
            long step,
            Matrix images,
            TextBlock own,
            LogitParams params,
            Matrix imageGradient,
            Matrix textGradient,
            LossSums sums,
            StepClock clock) {
        int self = blocks.node().rank();
        TextRing texts = new TextRing(blocks.node(), blocks.rows(), arm, step, own, gathered);
        GradientRing gradients = new GradientRing(blocks.node(), blocks.rows(), arm, step, shares, arriving);
        ColumnMerge.Offers offers = merge.offer(arm, step);
        int[] captions = own.captions();
        rows.clear();
        columns.clear();
        for (int phase = 0; phase < blocks.ranks(); phase++) {
            TextBlock block = phase == 0 ? own : texts.await(phase);
            clock.lap(StepClock.Phase.HOP);
            int owner = texts.owner(phase);
            loss.accumulateLogSums(
                    images,
                    block.embeddings(),
                    blocks.labels(owner, captions, block.captions()),
                    params,
                    rows,
                    columns,
                    blocks.rows().start(owner));
            clock.lap(StepClock.Phase.LOSS);
        }
        sums.loss += rows.loss() + merge.run(offers, columns);
        clock.lap(StepClock.Phase.HOP);

        imageGradient.clear();
        textGradient.clear();
        for (int phase = 0; phase < blocks.ranks(); phase++) {
            TextBlock block = phase == 0 ? own : gathered.get(phase - 1);
            Matrix share = phase == 0 ? textGradient : gradients.share(phase);
            clock.lap(StepClock.Phase.HOP);
            int owner = texts.owner(phase);
            loss.accumulateGradient(
                    images,
                    block.embeddings(),
                    blocks.labels(owner, captions, block.captions()),
                    params,
                    rows,
                    columns,
                    blocks.rows().start(owner),
                    imageGradient,
                    share,
                    sums);
            clock.lap(StepClock.Phase.LOSS);
            if (owner != self) {
                gradients.pass(phase, share);
            }
        }
        gradients.home(textGradient);
        texts.finish();
        clock.lap(StepClock.Phase.HOP);
    }

    @Override
    public long bytes() {
        return gathered.stream().mapToLong(TextBlock::bytes).sum()
                + 4L * (shares.size() + arriving.size()) * blocks.rows().largest() * blocks.width()
                + 8L * LogSums.FIELDS * (rows.rows() + 3L * columns.rows());
    }
}
