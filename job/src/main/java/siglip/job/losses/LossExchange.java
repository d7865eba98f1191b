package siglip.job.losses;

import siglip.job.config.LossSettings;
import siglip.job.order.Slices;
import siglip.job.ring.GradientRing;
import siglip.job.ring.RankNode;
import siglip.job.ring.TextBlock;
import siglip.job.ring.TextRing;
import siglip.job.stage.Lanes;
import siglip.job.stage.StepClock;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.LogitParams;
import siglip.kernels.LossSums;
import siglip.kernels.PairLabels;
import siglip.kernels.blas.Matrix;

/**
 * The loss of a global batch over all ranks: each has its own rows of images and texts, and all of them together compute
 * what one rank with the whole batch would. Sums, not means.
 */
public interface LossExchange {
    /**
     * Computes this rank's share of the loss, the whole gradient of its own images, and that of its own texts but for what is
     * still on its way home.
     *
     * @param images this rank's image embeddings, n x d
     * @param own this rank's text embeddings and the concept ids of its pairs
     * @param imageGradient n x d, overwritten
     * @param textGradient n x d, overwritten
     * @param sums added to
     * @return what makes the gradient of the texts whole; until it has been awaited, neither that nor {@code own} may be written
     */
    Homeward run(
            int arm,
            long step,
            Matrix images,
            TextBlock own,
            LogitParams params,
            Matrix imageGradient,
            Matrix textGradient,
            LossSums sums,
            StepClock clock);

    /** The last of a rank's gradient of its texts, on the network while the rank may do something else. */
    interface Homeward {
        /** Waits for it and adds it, and waits until all that this rank sent has arrived. */
        void await();

        static Homeward of(GradientRing gradients, TextRing texts, Matrix textGradient) {
            return () -> {
                gradients.home(textGradient);
                texts.finish();
            };
        }
    }

    /** Bytes of memory for blocks of other ranks, and their gradients. */
    long bytes();

    /**
     * @param rows how the global batch is cut
     * @param width of the embeddings, d
     */
    static LossExchange of(
            LossSettings.Kind kind, RankNode node, Slices rows, int width, DuplicatePolicy duplicates, Lanes lanes) {
        Blocks blocks = new Blocks(node, rows, width, duplicates, lanes);
        return switch (kind) {
            case SIGMOID -> new SigmoidExchange(blocks);
            case SOFTMAX -> new SoftmaxExchange(blocks);
        };
    }

    /** What both exchanges know: who has which rows, which pairs are positives, and the cores to work on. */
    record Blocks(RankNode node, Slices rows, int width, DuplicatePolicy duplicates, Lanes lanes) {
        /** Positives between this rank's images and the texts of {@code owner}. */
        PairLabels labels(int owner, int[] imageConcepts, int[] textConcepts) {
            return new PairLabels(rows.start(node.rank()), rows.start(owner), imageConcepts, textConcepts, duplicates);
        }

        int ranks() {
            return node.ranks();
        }

        Matrix allocate() {
            return Matrix.allocate(rows.largest(), width);
        }
    }
}
