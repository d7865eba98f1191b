package siglip.job.training;

import java.util.ArrayList;
import java.util.List;
import siglip.job.ring.Sums;
import siglip.kernels.blas.Matrix;

/** Memory in which the lanes of a rank each gather their share of one matrix, such as the gradient of a block of texts. */
final class LaneShares {
    private final Lanes lanes;
    private final List<Matrix> shares = new ArrayList<>(); // of lanes 1, 2, ...: lane 0 works in the whole

    LaneShares(Lanes lanes, int rows, int columns) {
        this.lanes = lanes;
        for (int lane = 1; lane < lanes.count(); lane++) {
            shares.add(Matrix.allocate(rows, columns));
        }
    }

    /** What a lane adds to: the whole itself for the first, cleared memory of its own for others. */
    Matrix of(int lane, Matrix whole) {
        if (lane == 0) {
            return whole;
        }
        Matrix share = shares.get(lane - 1).rows(0, whole.rows());
        share.clear();
        return share;
    }

    /** Adds the shares to the whole in the order of lanes; each lane adds its own rows. */
    void addTo(Matrix whole) {
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
