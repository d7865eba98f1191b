package siglip.job.optimizer;

import java.nio.FloatBuffer;
import java.util.List;
import siglip.job.config.TrainingSettings;

/**
 * Moves the parameters of one arm: in each step {@link #begin}, then scalars, table and towers, the latter in as many parts as one likes. What
 * it remembers lies in slots, which are kept and restored by name.
 */
public abstract sealed class Optimizer permits AdamW {
    private final TrainingSettings.Optimizer kind;
    private final List<Slot> slots;
    final Slot parameters;
    private long updates;

    Optimizer(TrainingSettings.Optimizer kind, Slot parameters) {
        this.kind = kind;
        this.parameters = parameters;
        slots = slots(kind).stream().map(parameters::zeros).toList();
    }

    /**
     * The optimizer that the settings name.
     *
     * @param parameters to move; shared
     * @param decayed which of the towers' parameters have weight decay
     */
    public static Optimizer of(TrainingSettings settings, Slot parameters, boolean[] decayed) {
        return switch (settings.optimizer()) {
            case ADAMW -> new AdamW(settings, parameters, decayed);
        };
    }

    /** Names of the slots of an optimizer. */
    public static List<String> slots(TrainingSettings.Optimizer kind) {
        return switch (kind) {
            case ADAMW -> AdamW.SLOTS;
        };
    }

    Slot slot(String name) {
        return slots.get(slots(kind).indexOf(name));
    }

    public final OptimizerSnapshot snapshot() {
        return new OptimizerSnapshot(
                kind.id(), updates, slots.stream().map(Slot::copy).toList());
    }

    /**
     * Takes over another one's memory.
     *
     * @throws IllegalArgumentException if that is of another optimizer, or of a model of another size
     */
    public final void restore(OptimizerSnapshot from) {
        List<String> names = from.slots().stream().map(Slot::name).toList();
        if (!from.optimizer().equals(kind.id()) || !names.equals(slots(kind))) {
            throw new IllegalArgumentException(
                    "Cannot go on from a snapshot of %s with the slots %s: this is %s with %s"
                            .formatted(from.optimizer(), names, kind.id(), slots(kind)));
        }
        updates = from.updates();
        for (int i = 0; i < slots.size(); i++) {
            slots.get(i).set(from.slots().get(i));
        }
    }

    /** Begins a step at a learning rate. */
    public final void begin(double learningRate) {
        updates++;
        begin(learningRate, updates);
    }

    /** @param update its number, from 1 */
    abstract void begin(double learningRate, long update);

    /** Moves the scalars of the loss. */
    public abstract void moveScalars(Gradient gradient);

    /** Moves the touched rows of the table. */
    public abstract void moveTable(Gradient gradient);

    /** Moves the towers' parameters {@code first} to {@code last - 1}, and copies them while they are in the cache. */
    public abstract void moveDense(Gradient gradient, int first, int last, FloatBuffer copy);
}
