package siglip.job.optimizer;

import java.util.List;

/**
 * What an optimizer remembers of an arm's gradients. The arrays are the snapshot's own and shared by those who hold it: nobody writes to them.
 *
 * @param optimizer its name
 * @param updates how many have been applied
 * @param slots in the optimizer's order
 */
public record OptimizerSnapshot(String optimizer, long updates, List<Slot> slots) {
    public OptimizerSnapshot {
        slots = List.copyOf(slots);
    }
}
