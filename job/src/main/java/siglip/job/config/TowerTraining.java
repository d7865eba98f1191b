package siglip.job.config;

import java.io.Serializable;
import java.util.Optional;

/**
 * How an arm trains a tower.
 *
 * @param start folder of a saved model from whose tower it starts; empty: from scratch
 * @param learningRateFactor learning rate relative to that of the arm; 0: the tower is frozen
 * @param weightDecay whether its weights decay
 */
public record TowerTraining(Optional<String> start, double learningRateFactor, boolean weightDecay)
        implements Serializable {
    /** From scratch, with the learning rate and the decay of the arm. */
    public static final TowerTraining WHOLE = new TowerTraining(Optional.empty(), 1, true);

    /** Whether nothing moves it. */
    public boolean frozen() {
        return learningRateFactor == 0;
    }
}
