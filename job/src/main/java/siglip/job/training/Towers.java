package siglip.job.training;

import java.util.ArrayList;
import java.util.List;
import siglip.job.stage.Lanes;

/** The towers of a rank, shared by its arms. */
record Towers(List<LaneTowers> lanes) implements AutoCloseable {
    /** @param rows most rows of the rank's batch */
    Towers(SegmentPlan plan, Lanes lanes, int rows) {
        this(new ArrayList<>());
        for (int lane = 0; lane < lanes.count(); lane++) {
            int largest = lanes.cut(rows).largest();
            this.lanes.add(new LaneTowers(plan.model(), lanes.kernels(lane).products(), largest, plan.microBatch()));
        }
    }

    LaneTowers of(int lane) {
        return lanes.get(lane);
    }

    long bytes() {
        return lanes.stream().mapToLong(LaneTowers::bytes).sum();
    }

    @Override
    public void close() {
        lanes.forEach(LaneTowers::close);
    }
}
