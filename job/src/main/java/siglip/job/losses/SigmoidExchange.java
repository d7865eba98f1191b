package siglip.job.losses;

import java.util.ArrayList;
import java.util.List;
import siglip.job.ring.GradientRing;
import siglip.job.ring.TextBlock;
import siglip.job.ring.TextRing;
import siglip.job.stage.Phase;
import siglip.job.stage.StepClock;
import siglip.kernels.LogitParams;
import siglip.kernels.LossSums;
import siglip.kernels.PairLabels;
import siglip.kernels.blas.Matrix;

/**
 * The sigmoid loss round the ring: own block first, where the positives are; then each block of texts as it comes by, its
 * gradient one hop behind. Nobody ever holds more than a few blocks: O(n d) memory, one pass over the logits.
 *
 * @see <a href="https://arxiv.org/abs/2303.15343">Zhai et al. 2023</a>, section 3.3
 */
final class SigmoidExchange implements LossExchange {
    private static final int TEXT_PLACES = 2;

    private final Blocks blocks;
    private final LaneShares textShares;
    private final List<TextBlock> places = new ArrayList<>();
    private final List<Matrix> shares = new ArrayList<>();
    private final List<Matrix> arriving = new ArrayList<>();

    SigmoidExchange(Blocks blocks) {
        this.blocks = blocks;
        textShares = new LaneShares(blocks.lanes(), blocks.rows().largest(), blocks.width());
        for (int i = 0; i < Math.min(TEXT_PLACES, blocks.ranks() - 1); i++) {
            places.add(new TextBlock(blocks.rows().largest(), blocks.width()));
        }
        for (int i = 0; i < GradientRing.PLACES && blocks.ranks() > 1; i++) {
            shares.add(blocks.allocate());
            arriving.add(blocks.allocate());
        }
    }

    @Override
    public Homeward run(
            int arm,
            long step,
            Matrix images,
            TextBlock own,
            LogitParams params,
            Matrix imageGradient,
            Matrix textGradient,
            LossSums sums,
            StepClock clock) {
        TextRing texts = new TextRing(blocks.node(), blocks.rows(), arm, step, own, places);
        GradientRing gradients = new GradientRing(blocks.node(), blocks.rows(), arm, step, shares, arriving);
        int[] conceptIds = own.conceptIds();
        imageGradient.clear();
        textGradient.clear();
        accumulate(
                images,
                own.embeddings(),
                blocks.labels(blocks.node().rank(), conceptIds, conceptIds),
                params,
                imageGradient,
                textGradient,
                sums);
        clock.lap(Phase.LOSS);
        for (int phase = 1; phase < blocks.ranks(); phase++) {
            TextBlock block = texts.await(phase);
            Matrix share = gradients.share(phase);
            clock.lap(Phase.HOPS);
            accumulate(
                    images,
                    block.embeddings(),
                    blocks.labels(texts.owner(phase), conceptIds, block.conceptIds()),
                    params,
                    imageGradient,
                    share,
                    sums);
            clock.lap(Phase.LOSS);
            gradients.pass(phase, share);
            texts.used(phase);
            clock.lap(Phase.HOPS);
        }
        return Homeward.of(gradients, texts, textGradient);
    }

    /** Adds a block's loss and gradients; each lane takes its rows of the images. */
    private void accumulate(
            Matrix images,
            Matrix texts,
            PairLabels labels,
            LogitParams params,
            Matrix imageGradient,
            Matrix textGradient,
            LossSums sums) {
        textShares.accumulate(
                images,
                labels,
                imageGradient,
                textGradient,
                sums,
                (lane, rows, ofRows, toRows, toTexts, part) -> blocks.lanes()
                        .kernels(lane)
                        .sigmoid()
                        .accumulate(rows, texts, ofRows, params, toRows, toTexts, part));
    }

    @Override
    public long bytes() {
        return textShares.bytes()
                + places.stream().mapToLong(TextBlock::bytes).sum()
                + 4L * (shares.size() + arriving.size()) * blocks.rows().largest() * blocks.width();
    }
}
