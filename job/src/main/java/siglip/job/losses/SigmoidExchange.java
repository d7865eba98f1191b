package siglip.job.losses;

import java.util.ArrayList;
import java.util.List;
import siglip.job.ring.GradientRing;
import siglip.job.ring.TextBlock;
import siglip.job.ring.TextRing;
import siglip.job.stage.Phase;
import siglip.job.stage.StepClock;
import siglip.kernels.blas.Matrix;

/**
 * The sigmoid loss round the ring: own block first, where the positives are; then each block of texts as it comes by, its
 * gradient one hop behind. Nobody ever holds more than a few blocks: O(n d) memory, one pass over the logits.
 *
 * @see <a href="https://arxiv.org/abs/2303.15343">Zhai et al. 2023</a>, section 3.3
 */
final class SigmoidExchange implements LossExchange {
    static final int TEXT_PLACES = 2;

    private final Blocks blocks;
    private final TextGradients textGradients;
    private final List<TextBlock> places = new ArrayList<>();

    SigmoidExchange(Blocks blocks) {
        this.blocks = blocks;
        textGradients = new TextGradients(blocks);
        for (int i = 0; i < Math.min(TEXT_PLACES, blocks.ranks() - 1); i++) {
            places.add(new TextBlock(blocks.rows().largest(), blocks.width()));
        }
    }

    @Override
    public Runnable run(LossStep step) {
        TextRing texts = new TextRing(blocks.node(), blocks.rows(), step.arm(), step.step(), step.texts(), places);
        GradientRing gradients = textGradients.ring(step);
        StepClock clock = step.clock();
        step.imageGradient().clear();
        step.textGradient().clear();
        accumulate(step, blocks.node().rank(), step.texts(), step.textGradient());
        clock.lap(Phase.LOSS);
        for (int phase = 1; phase < blocks.ranks(); phase++) {
            TextBlock block = texts.await(phase);
            Matrix share = gradients.share(phase);
            clock.lap(Phase.HOPS);
            accumulate(step, texts.owner(phase), block, share);
            clock.lap(Phase.LOSS);
            gradients.pass(phase, share);
            texts.used(phase);
            clock.lap(Phase.HOPS);
        }
        return () -> {
            gradients.home(step.textGradient());
            texts.finish();
        };
    }

    /** Adds a block's loss and gradients; each lane takes its rows of the images. */
    private void accumulate(LossStep step, int owner, TextBlock block, Matrix textGradient) {
        textGradients.accumulate(
                step,
                blocks.pairs(step, owner, block),
                textGradient,
                (lane, pairs, toRows, toTexts, part) ->
                        blocks.lanes().kernels(lane).sigmoid().accumulate(pairs, toRows, toTexts, part));
    }

    @Override
    public long bytes() {
        return textGradients.bytes()
                + places.stream().mapToLong(TextBlock::bytes).sum();
    }
}
