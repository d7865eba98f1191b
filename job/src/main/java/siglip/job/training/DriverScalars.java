package siglip.job.training;

import java.nio.DoubleBuffer;
import siglip.kernels.Loss;
import siglip.kernels.LossScalars;

/**
 * What the driver tells the ranks with new parameters of towers and table.
 *
 * @param active whether the arm trains on
 * @param scalars of its loss
 */
record DriverScalars(boolean active, LossScalars scalars) {
    /** To the head of a piece; {@link #read} takes them in the same order. */
    void write(DoubleBuffer to) {
        to.put(active ? 1 : 0).put(scalars.toArray());
    }

    static DriverScalars read(Loss loss, DoubleBuffer from) {
        boolean active = from.get() == 1;
        double[] values = new double[loss.scalars().size()];
        from.get(values);
        return new DriverScalars(active, LossScalars.of(loss, values));
    }
}
