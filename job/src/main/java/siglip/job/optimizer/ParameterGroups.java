package siglip.job.optimizer;

import java.util.ArrayList;
import java.util.List;
import siglip.job.config.TowerTraining;
import siglip.job.towers.ParameterLayout;

/**
 * Which parameters of a model move alike, as the parameter groups of other trainers: how fast, and whether they decay.
 *
 * @param dense of the towers' flat vector, in its order and without gaps
 * @param tableFactor learning rate of the table, relative to the step's
 */
public record ParameterGroups(List<Group> dense, double tableFactor) {
    /**
     * Neighbouring parameters that move alike: a loop over them has no condition inside.
     *
     * @param factor learning rate relative to the step's; 0 where nothing moves
     */
    record Group(int from, int to, double factor, boolean decays) {}

    public ParameterGroups {
        dense = List.copyOf(dense);
    }

    /**
     * The groups of a model.
     *
     * @param decayed for each parameter of the towers, whether it is one that may decay
     * @param image how its tower trains
     * @param text how its tower and the table train
     */
    public static ParameterGroups of(
            ParameterLayout layout, boolean[] decayed, TowerTraining image, TowerTraining text) {
        List<Group> groups = new ArrayList<>();
        add(groups, 0, layout.imageParameters(), decayed, image);
        add(groups, layout.imageParameters(), layout.dense(), decayed, text);
        return new ParameterGroups(groups, text.learningRateFactor());
    }

    private static void add(List<Group> groups, int first, int end, boolean[] decayed, TowerTraining tower) {
        int from = first;
        for (int i = first + 1; i <= end; i++) {
            if (i == end || decayed[i] != decayed[from]) {
                groups.add(new Group(from, i, tower.learningRateFactor(), decayed[from] && tower.weightDecay()));
                from = i;
            }
        }
    }

    /** Whether the table moves. */
    boolean movesTable() {
        return tableFactor > 0;
    }
}
