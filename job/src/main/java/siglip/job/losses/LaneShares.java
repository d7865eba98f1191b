package siglip.job.losses;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import siglip.job.order.Slices;
import siglip.job.stage.Lanes;
import siglip.kernels.LossSums;
import siglip.kernels.PairLabels;
import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.Sums;

/** Runs the lanes of a rank over a block, with memory in which each gathers its share of the gradient of the texts. */
final class LaneShares {
    private final Lanes lanes;
    private final List<Matrix> shares = new ArrayList<>(); // of lanes 1, 2, ...: lane 0 works in the whole

    LaneShares(Lanes lanes, int rows, int columns) {
        this.lanes = lanes;
        for (int lane = 1; lane < lanes.count(); lane++) {
            shares.add(Matrix.allocate(rows, columns));
        }
    }

    /** Adds one lane's rows of a block to gradients and sums. */
    interface Body {
        void accumulate(
                int lane, Matrix images, PairLabels labels, Matrix imageGradient, Matrix textGradient, LossSums sums);
    }

    /**
     * Adds a block's gradients and sums: each lane takes its rows of the images, and its share of the gradient of the texts is
     * added to the others' in the order of lanes.
     */
    void accumulate(
            Matrix images, PairLabels labels, Matrix imageGradient, Matrix textGradient, LossSums sums, Body body) {
        Slices cut = lanes.cut(images.rows());
        LossSums[] parts = new LossSums[lanes.count()];
        Arrays.setAll(parts, lane -> new LossSums());
        lanes.each(lane -> {
            int from = cut.start(lane);
            int count = cut.size(lane);
            body.accumulate(
                    lane,
                    images.rows(from, count),
                    labels.images(from, count),
                    imageGradient.rows(from, count),
                    of(lane, textGradient),
                    parts[lane]);
        });
        for (LossSums part : parts) {
            sums.add(part);
        }
        addTo(textGradient);
    }

    /** What a lane adds to: the whole itself for the first, cleared memory of its own for others. */
    private Matrix of(int lane, Matrix whole) {
        if (lane == 0) {
            return whole;
        }
        Matrix share = shares.get(lane - 1).rows(0, whole.rows());
        share.clear();
        return share;
    }

    /** Adds the shares to the whole in the order of lanes; each lane adds its own rows. */
    private void addTo(Matrix whole) {
        if (shares.isEmpty()) {
            return;
        }
        lanes.each(lane -> {
            int from = lanes.cut(whole.rows()).start(lane);
            int count = lanes.cut(whole.rows()).size(lane);
            for (Matrix share : shares) {
                Sums.add(share.rows(from, count), whole.rows(from, count));
            }
        });
    }

    long bytes() {
        return shares.stream().mapToLong(share -> 4L * share.size()).sum();
    }
}
