package siglip.job.losses;

import siglip.job.ring.TextBlock;
import siglip.job.stage.Phase;
import siglip.job.stage.StepClock;
import siglip.kernels.Footprint;
import siglip.kernels.blas.Matrix;

/**
 * Any loss of centred embeddings: each side less the mean of the global batch, scaled to length 1 again ({@link CentredRows}). All logits
 * shifting together, the direction in which the sigmoid loss is stiff, is so taken out. The sums of both sides go once to all ranks before the first block of the
 * loss, and that of each side's gradient once on the way back: 4 d numbers a step.
 *
 * <p>To take the mean off trained embeddings is known as mean centring: "All-but-the-Top" of word vectors, I0T and GR-CLIP of CLIP's, to close the
 * modality gap. I0T also trains a batch normalisation on frozen encoders. As part of the loss that trains the towers we have not found it described.
 *
 * @see <a href="https://arxiv.org/abs/1702.01417">Mu and Viswanath 2018</a>
 * @see <a href="https://arxiv.org/abs/2412.14384">An et al. 2024</a>
 * @see <a href="https://arxiv.org/abs/2507.19054">Li et al. 2025</a>
 */
final class CentredExchange implements LossExchange {
    private static final int FORWARD = 0;
    private static final int OF_IMAGES = 1;
    private static final int OF_TEXTS = 2;

    private final LossExchange loss;
    private final Blocks blocks;
    private final Matrix images;
    private final TextBlock texts;
    private final CentredRows imageRows;
    private final CentredRows textRows;
    private final RankSums sums;
    private final double[] means; // of images, of texts

    /** @param loss of the centred embeddings */
    CentredExchange(LossExchange loss, Blocks blocks) {
        this.loss = loss;
        this.blocks = blocks;
        int rows = blocks.rows().size(blocks.node().rank());
        int width = blocks.width();
        images = Matrix.allocate(rows, width);
        texts = new TextBlock(rows, width);
        imageRows = new CentredRows(blocks.lanes(), rows, width);
        textRows = new CentredRows(blocks.lanes(), rows, width);
        sums = new RankSums(blocks.node(), counts(width));
        means = new double[2 * width];
    }

    /** Numbers of each round: sums of both sides, of the images' gradient, of the texts'. */
    static int[] counts(int width) {
        return new int[] {2 * width, width, width};
    }

    @Override
    public Runnable run(LossStep step) {
        StepClock clock = step.clock();
        sums.offer(step.arm(), step.step());
        imageRows.sum(step.images(), means, 0);
        textRows.sum(step.texts().embeddings(), means, blocks.width());
        mean(FORWARD, means, clock);
        texts.shape(step.texts().rows());
        texts.writeConceptIds(step.texts().conceptIds());
        imageRows.forward(step.images(), means, 0, images);
        textRows.forward(step.texts().embeddings(), means, blocks.width(), texts.embeddings());
        clock.lap(Phase.LOSS);
        Runnable pending = loss.run(new LossStep(
                step.arm(),
                step.step(),
                step.seed(),
                images,
                texts,
                step.scalars(),
                step.imageGradient(),
                step.textGradient(),
                step.sums(),
                clock));
        back(imageRows, images, step.imageGradient(), OF_IMAGES, clock);
        return () -> {
            pending.run();
            clock.lap(Phase.HOPS);
            back(textRows, texts.embeddings(), step.textGradient(), OF_TEXTS, clock);
        };
    }

    private void back(CentredRows rows, Matrix embeddings, Matrix gradient, int round, StepClock clock) {
        double[] mean = new double[blocks.width()];
        rows.backward(embeddings, gradient, mean);
        mean(round, mean, clock);
        rows.subtract(gradient, mean);
        clock.lap(Phase.LOSS);
    }

    /** Turns this rank's sums into means over all ranks. */
    private void mean(int round, double[] values, StepClock clock) {
        clock.lap(Phase.LOSS);
        sums.run(round, values);
        clock.lap(Phase.HOPS);
        for (int k = 0; k < values.length; k++) {
            values[k] /= blocks.rows().total();
        }
    }

    /** Memory of a rank, but for that of the loss. */
    static Footprint footprint(LossShape shape, int rank) {
        int rows = shape.rows().size(rank);
        int width = shape.width();
        Footprint side = CentredRows.footprint(shape.cores(), rows, width);
        long embeddings = (long) Float.BYTES * rows * width + TextBlock.bytes(rows, width);
        return new Footprint(embeddings, 2L * Double.BYTES * width)
                .plus(side)
                .plus(side)
                .plus(RankSums.footprint(shape.ranks(), counts(width)));
    }

    @Override
    public long bytes() {
        LossShape shape = new LossShape(blocks.rows(), blocks.lanes().count(), blocks.width());
        return loss.bytes() + footprint(shape, blocks.node().rank()).total();
    }
}
