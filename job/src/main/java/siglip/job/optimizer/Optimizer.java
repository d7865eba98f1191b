package siglip.job.optimizer;

import java.nio.FloatBuffer;
import java.util.List;
import java.util.Optional;
import siglip.job.config.OptimizerSettings;

/**
 * Moves the parameters of one arm: in each step {@link #begin}, then scalars, table and towers, the latter in as many parts as one likes. What
 * it remembers lies in slots, which are kept and restored by name.
 */
public abstract sealed class Optimizer permits AdamW, Lion {
    final OptimizerSettings settings;
    private final ParameterGroups groups;
    private final List<Slot> slots;
    final Slot parameters;
    private long updates;

    Optimizer(OptimizerSettings settings, Slot parameters, ParameterGroups groups) {
        this.settings = settings;
        this.parameters = parameters;
        this.groups = groups;
        slots = slots(settings.kind()).stream().map(parameters::zeros).toList();
    }

    /**
     * The optimizer that the settings name.
     *
     * @param parameters to move; shared
     * @param groups how its parts move
     */
    public static Optimizer of(OptimizerSettings settings, Slot parameters, ParameterGroups groups) {
        return switch (settings.kind()) {
            case ADAMW -> new AdamW(settings, parameters, groups);
            case LION -> new Lion(settings, parameters, groups);
        };
    }

    /** Names of the slots of an optimizer. */
    public static List<String> slots(OptimizerSettings.Kind kind) {
        return switch (kind) {
            case ADAMW -> AdamW.SLOTS;
            case LION -> Lion.SLOTS;
        };
    }

    Slot slot(String name) {
        return slots.get(slots(settings.kind()).indexOf(name));
    }

    public final OptimizerSnapshot snapshot() {
        return new OptimizerSnapshot(
                settings.kind().id(), updates, slots.stream().map(Slot::copy).toList());
    }

    /**
     * Takes over another one's memory.
     *
     * @throws IllegalArgumentException if that is of another optimizer, or of a model of another size
     */
    public final void restore(OptimizerSnapshot from) {
        OptimizerSettings.Kind kind = settings.kind();
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

    /** What divides its steps, after the step that has begun; empty if nothing of the kind does. */
    Optional<SecondMoment> secondMoment() {
        return Optional.empty();
    }

    /** Moves the scalars of the loss. */
    public abstract void moveScalars(Gradient gradient);

    /** Moves the touched rows of the table, unless it is frozen. */
    public final void moveTable(Gradient gradient) {
        if (groups.movesTable()) {
            moveTable(gradient, groups.tableFactor());
        }
    }

    /** @param factor of the learning rate */
    abstract void moveTable(Gradient gradient, double factor);

    /** Moves the towers' parameters {@code first} to {@code last - 1} that are not frozen, and copies all of them while they are in the cache. */
    public final void moveDense(Gradient gradient, int first, int last, FloatBuffer copy) {
        for (ParameterGroups.Group group : groups.dense()) {
            double decay = group.decays() ? settings.weightDecay() : 0;
            int start = Math.max(first, group.from());
            Chunks.each(Math.min(last, group.to()) - start, (from, to) -> {
                if (group.factor() > 0) {
                    moveDense(gradient.dense, start + from, start + to, group.factor(), decay);
                }
                copy.put(start + from - first, parameters.dense(), start + from, to - from);
            });
        }
    }

    /**
     * Moves parameters {@code from} to {@code to - 1} of the towers.
     *
     * @param factor of the learning rate
     * @param decay of their weights, at the learning rate
     */
    abstract void moveDense(float[] gradient, int from, int to, double factor, double decay);
}
