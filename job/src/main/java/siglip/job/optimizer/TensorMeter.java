package siglip.job.optimizer;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import siglip.job.towers.Tensor;

/**
 * Measures an update of an arm tensor by tensor. It reads arrays that lie there anyway, and keeps a copy of what the update is going to move: all of
 * the towers, and the rows of the table that the gradient touches, which count as one tensor.
 */
public final class TensorMeter {
    private static final String TABLE = "table";

    private final List<Tensor> tensors;
    private final Slot parameters;
    private final float[] before;
    private float[] rowsBefore = new float[0];
    private float[] rowsNow = new float[0];
    private float[] rowMoments = new float[0];

    /**
     * @param tensors of the towers
     * @param parameters that are going to move; shared
     */
    public TensorMeter(List<Tensor> tensors, Slot parameters) {
        this.tensors = List.copyOf(tensors);
        this.parameters = parameters;
        before = new float[parameters.dense().length];
    }

    /** Remembers what an update with this gradient is going to move. */
    public void begin(Gradient gradient) {
        System.arraycopy(parameters.dense(), 0, before, 0, before.length);
        int touched = gradient.rows * gradient.width();
        if (rowsBefore.length < touched) {
            rowsBefore = new float[touched];
            rowsNow = new float[touched];
            rowMoments = new float[touched];
        }
        gather(parameters.table(), gradient, rowsBefore);
    }

    /**
     * What the update was, once it is done.
     *
     * @param clipped what the gradient was multiplied with to clip it; 1 if it was not
     */
    public List<TensorStep> end(Gradient gradient, Optimizer optimizer, double clipped) {
        Optional<SecondMoment> moment = optimizer.secondMoment();
        List<TensorStep> steps = new ArrayList<>();
        for (Tensor tensor : tensors) {
            TensorSums sums = TensorSums.of(
                    new TensorSums.Numbers(
                            gradient.dense,
                            before,
                            parameters.dense(),
                            moment.map(m -> m.raw().dense()).orElse(before)),
                    tensor.from(),
                    tensor.size(),
                    moment);
            steps.add(sums.step(tensor.name(), clipped));
        }
        if (gradient.rows > 0) {
            gather(parameters.table(), gradient, rowsNow);
            moment.ifPresent(m -> gather(m.raw().table(), gradient, rowMoments));
            TensorSums sums = TensorSums.of(
                    new TensorSums.Numbers(gradient.values, rowsBefore, rowsNow, rowMoments),
                    0,
                    gradient.rows * gradient.width(),
                    moment);
            steps.add(sums.step(TABLE, clipped));
        }
        return List.copyOf(steps);
    }

    /** The rows of a table that a gradient touches, end to end. */
    private static void gather(float[] table, Gradient gradient, float[] rows) {
        int width = gradient.width();
        for (int row = 0; row < gradient.rows; row++) {
            System.arraycopy(table, gradient.ids[row] * width, rows, row * width, width);
        }
    }

    /**
     * Memory beside what an arm has anyway.
     *
     * @param dense parameters of the towers
     * @param touched numbers of the table's rows that a batch touches
     */
    public static long bytes(long dense, long touched) {
        return Float.BYTES * (dense + 3 * touched);
    }
}
