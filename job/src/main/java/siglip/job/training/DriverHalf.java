package siglip.job.training;

import java.util.List;
import java.util.function.IntConsumer;
import siglip.job.optimizer.TensorStep;
import siglip.job.ring.Piece;

/** The driver's half of an arm's steps: takes the summed gradient of each, and says what the ranks compute the next one with. */
interface DriverHalf {
    ArmState state();

    /** Fills the pieces with the whole model, for ranks that have nothing yet. */
    void fillAll(Piece[] pieces);

    /**
     * Takes the gradient of a step. It is taken again if its attempt fails before it is completed.
     *
     * @return the step's record, without its times
     */
    StepRecord take(Piece[] sums, long step, int attempt);

    /**
     * Completes the step that was taken, and fills each piece with what has changed.
     *
     * @param ready told each piece's rank as soon as it may be sent
     */
    void complete(StepRecord record, Piece[] pieces, IntConsumer ready);

    /** What the update that was completed last was to each tensor, where that is measured. It changes nothing. */
    default List<TensorStep> measure(StepRecord record) {
        return List.of();
    }
}
