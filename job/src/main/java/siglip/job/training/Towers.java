package siglip.job.training;

import java.util.ArrayList;
import java.util.List;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.TowerPair;

/** The towers of a rank, one pair a lane, shared by its arms. */
record Towers(List<TowerPair> pairs) implements AutoCloseable {
    /** @param rows most rows of the rank's batch */
    Towers(ModelSpec model, Lanes lanes, int rows) {
        this(new ArrayList<>());
        for (int lane = 0; lane < lanes.count(); lane++) {
            pairs.add(new TowerPair(
                    model, lanes.kernels(lane).products(), lanes.cut(rows).largest()));
        }
    }

    @Override
    public void close() {
        pairs.forEach(TowerPair::close);
    }
}
