package siglip.job.losses;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import siglip.job.ring.GradientRing;
import siglip.job.stage.Lanes;
import siglip.kernels.LossSums;
import siglip.kernels.PairBlock;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.Sums;

/** The gradients of texts of a rank: what each of its lanes gathers of a block, and what travels home. */
final class TextGradients {
    private final LossExchange.Blocks blocks;
    private final List<Matrix> ofLanes; // 1, 2, ...: lane 0 works in the whole
    private final List<Matrix> leaving;
    private final List<Matrix> arriving;

    TextGradients(LossExchange.Blocks blocks) {
        this.blocks = blocks;
        int places = blocks.ranks() > 1 ? GradientRing.PLACES : 0;
        ofLanes = allocate(blocks.lanes().count() - 1);
        leaving = allocate(places);
        arriving = allocate(places);
    }

    private List<Matrix> allocate(int count) {
        List<Matrix> matrices = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            matrices.add(Matrix.allocate(blocks.rows().largest(), blocks.width()));
        }
        return matrices;
    }

    /** Their way home in a step. */
    GradientRing ring(LossStep step) {
        return new GradientRing(blocks.node(), blocks.rows(), step.arm(), step.step(), leaving, arriving);
    }

    /** Adds one lane's rows of a block to gradients and sums. */
    interface Body {
        void accumulate(int lane, PairBlock pairs, Matrix imageGradient, Matrix textGradient, LossSums sums);
    }

    /**
     * Adds a block's gradients and sums: each lane takes its rows of the images, and its share of the gradient of the texts is
     * added to the others' in the order of lanes.
     */
    void accumulate(LossStep step, PairBlock pairs, Matrix textGradient, Body body) {
        Lanes lanes = blocks.lanes();
        LossSums[] parts = new LossSums[lanes.count()];
        Arrays.setAll(parts, lane -> new LossSums());
        lanes.each(
                step.images().rows(),
                (lane, from, count) -> body.accumulate(
                        lane,
                        pairs.images(from, count),
                        step.imageGradient().rows(from, count),
                        of(lane, textGradient),
                        parts[lane]));
        for (LossSums part : parts) {
            step.sums().add(part);
        }
        if (!ofLanes.isEmpty()) {
            lanes.each(textGradient.rows(), (lane, from, count) -> {
                for (Matrix share : ofLanes) { // in the order of lanes
                    Sums.add(share.rows(from, count), textGradient.rows(from, count));
                }
            });
        }
    }

    /** What a lane adds to: the whole itself for the first, cleared memory of its own for others. */
    private Matrix of(int lane, Matrix whole) {
        if (lane == 0) {
            return whole;
        }
        Matrix share = ofLanes.get(lane - 1).rows(0, whole.rows());
        share.clear();
        return share;
    }

    long bytes() {
        long matrices = (long) ofLanes.size() + leaving.size() + arriving.size();
        return Float.BYTES * matrices * blocks.rows().largest() * blocks.width();
    }
}
