package siglip.job.training;

import java.util.List;
import siglip.job.stage.Fingerprint;

/**
 * A training between two steps, all arms at the same one: what another process needs to go on with the next step as this one would.
 *
 * @param step how many steps every arm has completed that has not stopped
 * @param attempts how many attempts at segments there have been
 * @param numerics what all ranks compute with
 * @param arms in the order of the settings
 */
public record TrainingSnapshot(long step, int attempts, Fingerprint numerics, List<ArmSnapshot> arms) {
    public TrainingSnapshot {
        arms = List.copyOf(arms);
    }
}
