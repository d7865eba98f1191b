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
    private long updates;

    /** @param sizes of the arrays of a slot */
    Optimizer(TrainingSettings.Optimizer kind, Sizes sizes) {
        this.kind = kind;
        slots = slots(kind).stream().map(sizes::allocate).toList();
    }

    /**
     * What there is to move.
     *
     * @param decayed which of the towers' parameters have weight decay
     * @param tableRows rows of the table
     * @param width floats of a row
     * @param scalars of the loss
     */
    public record Sizes(boolean[] decayed, int tableRows, int width, int scalars) {
        private Slot allocate(String name) {
            return new Slot(name, new float[decayed.length], new float[tableRows * width], new double[scalars]);
        }
    }

    /** The optimizer that the settings name. */
    public static Optimizer of(TrainingSettings settings, Sizes sizes) {
        return switch (settings.optimizer()) {
            case ADAMW -> new AdamW(settings, sizes);
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
        if (!from.optimizer().equals(kind.id()) || !from.slotNames().equals(slots(kind))) {
            throw new IllegalArgumentException(
                    "Cannot go on from a snapshot of %s with the slots %s: this is %s with %s"
                            .formatted(from.optimizer(), from.slotNames(), kind.id(), slots(kind)));
        }
        updates = from.updates();
        for (Slot slot : from.slots()) {
            copy(slot.dense(), slot(slot.name()).dense());
            copy(slot.table(), slot(slot.name()).table());
            System.arraycopy(slot.scalars(), 0, slot(slot.name()).scalars(), 0, slot.scalars().length);
        }
    }

    /** @throws IllegalArgumentException if the lengths differ */
    public static void copy(float[] from, float[] to) {
        if (from.length != to.length) {
            throw new IllegalArgumentException(
                    "Cannot go on from a snapshot of another model: it has %d parameters where this one has %d"
                            .formatted(from.length, to.length));
        }
        System.arraycopy(from, 0, to, 0, to.length);
    }

    /** Begins a step at a learning rate. */
    public final void begin(double learningRate) {
        updates++;
        begin(learningRate, updates);
    }

    /** @param update its number, from 1 */
    abstract void begin(double learningRate, long update);

    /** Moves the scalars of the loss. */
    public abstract void moveScalars(double[] scalars, Gradient gradient);

    /** Moves the touched rows of the table. */
    public abstract void moveTable(float[] table, Gradient gradient);

    /** Moves the towers' parameters {@code first} to {@code last - 1}, and copies them while they are in the cache. */
    public abstract void moveDense(float[] dense, Gradient gradient, int first, int last, FloatBuffer copy);
}
