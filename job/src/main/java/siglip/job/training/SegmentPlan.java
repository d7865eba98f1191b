package siglip.job.training;

import java.io.Serializable;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import siglip.job.batches.BatchSource;
import siglip.job.config.LossSettings;
import siglip.job.order.Slices;
import siglip.job.ring.PieceLayout;
import siglip.job.ring.Rendezvous;
import siglip.job.towers.Modality;
import siglip.job.towers.ModelSpec;
import siglip.job.towers.ParameterLayout;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.LossForm;
import siglip.kernels.Numerics;
import siglip.kernels.blas.Precision;

/**
 * What a rank must know to take part in one attempt at a segment; ships with the stage.
 *
 * @param meeting where its ranks come together
 * @param rows how the global batch is cut
 * @param from first step
 * @param to one past the last step
 * @param nextSteps for each arm, the first step it has not completed; not before {@code from}
 * @param seed of everything random
 * @param numerics what to compute with, but for arms with a precision of their own
 * @param cores that a rank computes on
 * @param microBatch most pairs that pass the towers of a core at a time
 */
record SegmentPlan(
        Rendezvous meeting,
        Slices rows,
        long from,
        long to,
        List<Long> nextSteps,
        long seed,
        ModelSpec model,
        List<Arm> arms,
        Numerics numerics,
        int cores,
        int microBatch,
        BatchSource.Opener batches)
        implements Serializable {

    /**
     * What a rank must know of an arm.
     *
     * @param frozen the towers that nothing moves
     * @param duplicates what pairs of equal concept are
     * @param precision of its own, or null
     */
    record Arm(LossForm form, Set<Modality> frozen, DuplicatePolicy duplicates, Precision precision)
            implements Serializable {
        static Arm of(LossSettings.Arm arm) {
            Set<Modality> frozen = Stream.of(Modality.values())
                    .filter(tower -> (tower == Modality.IMAGE ? arm.image() : arm.text()).frozen())
                    .collect(Collectors.toUnmodifiableSet());
            return new Arm(arm.form(), frozen, arm.duplicates(), arm.precision().orElse(null));
        }
    }

    /** Those that single arms have of their own. */
    Set<Precision> precisions() {
        return arms.stream().map(Arm::precision).filter(Objects::nonNull).collect(Collectors.toUnmodifiableSet());
    }

    /** How the model is cut into pieces. */
    PieceLayout pieces() {
        return pieces(model.layout(), rows.ranks());
    }

    /** How any model is. */
    static PieceLayout pieces(ParameterLayout model, int ranks) {
        return PieceLayout.of(model.dense(), model.tableRows(), model.tableWidth(), ranks);
    }
}
