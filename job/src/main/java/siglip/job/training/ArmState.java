package siglip.job.training;

import java.util.List;
import java.util.Optional;
import siglip.job.config.LossSettings;
import siglip.job.optimizer.ParameterGroups;
import siglip.job.optimizer.Slot;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Parameters;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;

/**
 * The parameters of one arm, of which the driver's are the only true ones, and how far it has come.
 */
public final class ArmState {
    private final int index;
    private final LossSettings.Arm arm;
    private final ParameterLayout layout;
    private final Slot values;
    private long nextStep;
    private String stopped;

    /**
     * @param index of the arm, from 0
     * @param initial parameters of towers and table at the start; copied
     * @param scalars of the loss at the start
     */
    public ArmState(int index, LossSettings.Arm arm, Parameters initial, LossScalars scalars) {
        this(
                index,
                arm,
                initial.layout(),
                new Slot(
                        "parameters", initial.dense().toArray(), initial.table().toArray(), scalars.toArray()));
    }

    /** With parameters that it shares. */
    ArmState(int index, LossSettings.Arm arm, ParameterLayout layout, Slot values) {
        this.index = index;
        this.arm = arm;
        this.layout = layout;
        this.values = values;
    }

    public int index() {
        return index;
    }

    public LossSettings.Arm arm() {
        return arm;
    }

    /** All parameters; shared, not copied. */
    Slot values() {
        return values;
    }

    /**
     * How its parameters move.
     *
     * @param decayed for each parameter of the towers, whether it is one that may decay
     */
    ParameterGroups groups(boolean[] decayed) {
        return ParameterGroups.of(layout, decayed, arm.image(), arm.text());
    }

    /** What the loss has learned. */
    public LossScalars scalars() {
        return LossScalars.of(arm.loss(), values.scalars());
    }

    /** Takes over the scalars that the loss has solved for in a step; they have no gradient, and nothing else moves them. */
    void solved(LossSums sums) {
        List<LossScalar> scalars = arm.loss().scalars();
        for (int i = 0; i < scalars.size(); i++) {
            if (arm.loss().solves(scalars.get(i))) {
                values.scalars()[i] = sums.solved(scalars.get(i));
            }
        }
    }

    /** Puts the scalars of the loss, which have moved, back into their ranges. */
    void keepScalarsInRange() {
        List<LossScalar> scalars = arm.loss().scalars();
        double[] moved = values.scalars();
        for (int i = 0; i < moved.length; i++) {
            moved[i] = Math.max(scalars.get(i).least(), Math.min(scalars.get(i).most(arm.maxScale()), moved[i]));
        }
    }

    /** The first step that this arm has not completed. */
    public long nextStep() {
        return nextStep;
    }

    void completed(long step) {
        nextStep = step + 1;
    }

    /** Why the arm trains no further, if it does not. */
    public Optional<String> stopped() {
        return Optional.ofNullable(stopped);
    }

    void stop(String why) {
        stopped = why;
    }

    /**
     * Goes on where a snapshot of the same arm was taken.
     *
     * @throws IllegalArgumentException if the snapshot is of another loss, or of a model of another size
     */
    void restore(ArmSnapshot from) {
        if (from.loss() != arm.loss()) {
            throw new IllegalArgumentException(
                    "Cannot go on from a snapshot of arm %s with the %s loss: it has the %s loss"
                            .formatted(arm.name(), from.loss().id(), arm.loss().id()));
        }
        values.set(from.parameters());
        nextStep = from.nextStep();
        stopped = from.stopped().orElse(null);
    }

    /** A copy of the parameters, for evaluation and files. */
    public Parameters parameters() {
        Parameters copy = Parameters.allocate(layout);
        copy.dense().write(0, values.dense(), 0, values.dense().length);
        copy.table().write(0, values.table(), 0, values.table().length);
        return copy;
    }
}
