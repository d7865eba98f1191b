package siglip.job.optimizer;

/**
 * A number for each parameter of an arm: the parameters themselves, or something that an optimizer remembers of each. The arrays are shared,
 * not copied.
 *
 * @param name of the numbers: {@code mean}
 * @param dense of the towers, in the order of their flat vector
 * @param table of the table, row by row
 * @param scalars of the loss, in its order
 */
public record Slot(String name, float[] dense, float[] table, double[] scalars) {
    /** As many zeros under another name. */
    Slot zeros(String other) {
        return new Slot(other, new float[dense.length], new float[table.length], new double[scalars.length]);
    }

    /** With arrays of its own. */
    public Slot copy() {
        return new Slot(name, dense.clone(), table.clone(), scalars.clone());
    }

    /**
     * Takes over the numbers of another.
     *
     * @throws IllegalArgumentException if that is of a model of another size
     */
    public void set(Slot from) {
        if (from.dense.length != dense.length
                || from.table.length != table.length
                || from.scalars.length != scalars.length) {
            throw new IllegalArgumentException(
                    "Cannot go on from a snapshot of another model: it has %s where this one has %s"
                            .formatted(from.sizes(), sizes()));
        }
        System.arraycopy(from.dense, 0, dense, 0, dense.length);
        System.arraycopy(from.table, 0, table, 0, table.length);
        System.arraycopy(from.scalars, 0, scalars, 0, scalars.length);
    }

    private String sizes() {
        return "%d parameters, %d of a table and %d scalars".formatted(dense.length, table.length, scalars.length);
    }
}
