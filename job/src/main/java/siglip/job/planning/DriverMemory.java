package siglip.job.planning;

import java.util.List;
import siglip.job.optimizer.Optimizer;
import siglip.job.optimizer.TensorMeter;
import siglip.job.planning.Memory.Part;

/**
 * What the driver holds while it trains, by the sizes of the arrays that training allocates, for each arm: P parameters and a table of R rows of
 * w floats with the slots of the optimizer, a copy of these for the checkpoint that is being written and at the end of a run one for the last, which waits for
 * it, the gradient, and two sets of pieces.
 */
final class DriverMemory {
    private DriverMemory() {}

    static Memory of(Workload work) {
        long arms = work.losses().size();
        long dense = work.layout().dense();
        long kept = kept(work);
        long table = (long) work.layout().tableRows() * work.layout().tableWidth();
        long touched = work.touchedRows(work.lossShape().rows().total());
        long gradient = 4 * (dense + touched * (work.layout().tableWidth() + 1));
        return new Memory(List.of(
                new Part("parameters, and what the optimizer remembers", 0, kept),
                new Part("two copies of these for checkpoints", 0, 2 * kept),
                new Part("gradient", 0, arms * gradient),
                new Part(
                        "what is measured of tensors",
                        0,
                        work.measured()
                                ? arms
                                        * TensorMeter.bytes(
                                                dense, touched * work.layout().tableWidth())
                                : 0),
                new Part(
                        "pieces of gradient and parameters",
                        arms * 2 * work.pieces().bytes(),
                        0),
                new Part("initial parameters; a copy of them for each evaluation", 4 * (dense + table), dense)));
    }

    /** Bytes of parameters and optimizer slots of all arms, on the heap: the least that a training takes. */
    static long kept(Workload work) {
        long floats = work.layout().dense()
                + (long) work.layout().tableRows() * work.layout().tableWidth();
        long slots = work.optimizers().stream()
                .mapToLong(kind -> 1L + Optimizer.slots(kind).size())
                .sum();
        return slots * Float.BYTES * floats;
    }
}
