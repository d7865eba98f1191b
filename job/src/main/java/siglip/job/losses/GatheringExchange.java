package siglip.job.losses;

import java.util.ArrayList;
import java.util.List;
import siglip.job.ring.GradientRing;
import siglip.job.ring.TextBlock;
import siglip.job.ring.TextRing;
import siglip.job.stage.Phase;
import siglip.job.stage.StepClock;
import siglip.kernels.PairBlock;
import siglip.kernels.blas.Matrix;

/**
 * A loss that needs two passes over the logits, exact for both towers, in the cheapest form known: the texts are gathered over the same ring
 * as those of {@link SigmoidExchange} while the first pass goes over them, what it found is merged over the ranks, and the gradients of the
 * texts go home as the sigmoid's do. What is inherent stays: N x d memory, a second pass over the logits, and no gradient before the merge.
 */
final class GatheringExchange implements LossExchange {
    private final Blocks blocks;
    private final TwoPasses passes;
    private final List<TextBlock> gathered = new ArrayList<>();
    private final TextGradients textGradients;

    GatheringExchange(Blocks blocks, TwoPasses passes) {
        this.blocks = blocks;
        this.passes = passes;
        for (int phase = 1; phase < blocks.ranks(); phase++) {
            gathered.add(new TextBlock(blocks.rows().largest(), blocks.width()));
        }
        textGradients = new TextGradients(blocks);
    }

    @Override
    public Runnable run(LossStep step) {
        int self = blocks.node().rank();
        TextBlock own = step.texts();
        TextRing texts = new TextRing(blocks.node(), blocks.rows(), step.arm(), step.step(), own, gathered);
        GradientRing gradients = textGradients.ring(step);
        passes.begin(step);
        StepClock clock = step.clock();
        for (int phase = 0; phase < blocks.ranks(); phase++) {
            TextBlock block = phase == 0 ? own : texts.await(phase);
            clock.lap(Phase.HOPS);
            gather(step, texts.owner(phase), block);
            clock.lap(Phase.LOSS);
        }
        passes.merge(step);
        clock.lap(Phase.HOPS);

        step.imageGradient().clear();
        step.textGradient().clear();
        for (int phase = 0; phase < blocks.ranks(); phase++) {
            TextBlock block = phase == 0 ? own : gathered.get(phase - 1);
            Matrix share = phase == 0 ? step.textGradient() : gradients.share(phase);
            clock.lap(Phase.HOPS);
            int owner = texts.owner(phase);
            accumulate(step, owner, block, share);
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
    private void gather(LossStep step, int owner, TextBlock block) {
        PairBlock pairs = blocks.pairs(step, owner, block);
        int firstText = blocks.rows().start(owner);
        blocks.lanes()
                .each(
                        pairs.images().rows(),
                        (lane, from, count) -> passes.gather(lane, pairs.images(from, count), firstText));
    }

    /** Second pass over a block; each lane takes its rows of the images. */
    private void accumulate(LossStep step, int owner, TextBlock block, Matrix textGradient) {
        int firstText = blocks.rows().start(owner);
        textGradients.accumulate(
                step,
                blocks.pairs(step, owner, block),
                textGradient,
                (lane, part, toRows, toTexts, sums) -> passes.accumulate(lane, part, firstText, toRows, toTexts, sums));
    }

    @Override
    public long bytes() {
        return textGradients.bytes()
                + gathered.stream().mapToLong(TextBlock::bytes).sum()
                + passes.bytes();
    }
}
