package siglip.job.losses;

import siglip.job.order.Slices;
import siglip.job.ring.RankNode;
import siglip.job.ring.TextBlock;
import siglip.job.stage.Lanes;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.GlobalBatch;
import siglip.kernels.LossForm;
import siglip.kernels.PairBlock;
import siglip.kernels.PairLabels;

/**
 * The loss of a global batch over all ranks: each has its own rows of images and texts, and all of them together compute
 * what one rank with the whole batch would. Sums, not means.
 */
public interface LossExchange {
    /**
     * Computes this rank's share of the loss, the whole gradient of its own images, and that of its own texts but for what is
     * still on its way home.
     *
     * @return waits until the gradient of the texts is whole and all that this rank sent has arrived; until it has run, neither that
     *     gradient nor the texts may be written
     */
    Runnable run(LossStep step);

    /** Bytes of memory for blocks of other ranks, and their gradients. */
    long bytes();

    /**
     * What every exchange knows: the loss, who has which rows, which pairs are positives, and the cores to work on.
     *
     * @param form of the loss
     * @param rows how the global batch is cut
     * @param width of the embeddings, d
     */
    record Blocks(LossForm form, RankNode node, Slices rows, int width, DuplicatePolicy duplicates, Lanes lanes) {
        /** This rank's images and the texts of {@code owner}. */
        PairBlock pairs(LossStep step, int owner, TextBlock texts) {
            PairLabels labels = new PairLabels(
                    rows.start(node.rank()),
                    rows.start(owner),
                    step.texts().conceptIds(),
                    texts.conceptIds(),
                    duplicates);
            GlobalBatch batch = GlobalBatch.of(Math.toIntExact(rows.total()), step.seed(), step.step());
            return new PairBlock(step.images(), texts.embeddings(), labels, form, step.scalars(), batch);
        }

        int ranks() {
            return node.ranks();
        }
    }
}
