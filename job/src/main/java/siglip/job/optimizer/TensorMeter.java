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

    /** Sums of squares over the numbers of one tensor. */
    private static final class Sums {
        private long count;
        private double gradient;
        private double parameters;
        private double update;
        private double ratio; // of squared gradient to second moment

        /** Adds numbers that lie together in each array. */
        void add(Run gradients, Run old, Run now, Optional<SecondMoment> moment, float[] second) {
            double least = moment.map(m -> m.epsilon() * m.epsilon()).orElse(0.0);
            double unbiased = moment.map(m -> 1 / m.correction()).orElse(0.0);
            for (int i = 0; i < old.count; i++) {
                double g = gradients.values[gradients.from + i];
                double p = old.values[old.from + i];
                double moved = now.values[now.from + i] - p;
                gradient += g * g;
                parameters += p * p;
                update += moved * moved;
                if (unbiased > 0) {
                    ratio += g * g / Math.max(second[now.from + i] * unbiased, least);
                }
            }
            count += old.count;
        }

        TensorStep step(String name, double clipped, boolean moments) {
            return new TensorStep(
                    name,
                    Math.sqrt(gradient) / clipped,
                    Math.sqrt(parameters),
                    Math.sqrt(update),
                    moments && count > 0 ? Math.sqrt(ratio / count) : Double.NaN);
        }
    }

    private record Run(float[] values, int from, int count) {}

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
        int width = gradient.width();
        if (rowsBefore.length < gradient.rows * width) {
            rowsBefore = new float[gradient.rows * width];
        }
        for (int row = 0; row < gradient.rows; row++) {
            System.arraycopy(parameters.table(), gradient.ids[row] * width, rowsBefore, row * width, width);
        }
    }

    /**
     * What the update was, once it is done.
     *
     * @param clipped what the gradient was multiplied with to clip it; 1 if it was not
     */
    public List<TensorStep> end(Gradient gradient, Optimizer optimizer, double clipped) {
        Optional<SecondMoment> moment = optimizer.secondMoment();
        float[] dense = moment.map(m -> m.raw().dense()).orElse(before);
        float[] table = moment.map(m -> m.raw().table()).orElse(rowsBefore);
        List<TensorStep> steps = new ArrayList<>();
        for (Tensor tensor : tensors) {
            Sums sums = new Sums();
            sums.add(
                    new Run(gradient.dense, tensor.from(), tensor.size()),
                    new Run(before, tensor.from(), tensor.size()),
                    new Run(parameters.dense(), tensor.from(), tensor.size()),
                    moment,
                    dense);
            steps.add(sums.step(tensor.name(), clipped, moment.isPresent()));
        }
        if (gradient.rows > 0) {
            int width = gradient.width();
            Sums sums = new Sums();
            for (int row = 0; row < gradient.rows; row++) {
                sums.add(
                        new Run(gradient.values, row * width, width),
                        new Run(rowsBefore, row * width, width),
                        new Run(parameters.table(), gradient.ids[row] * width, width),
                        moment,
                        table);
            }
            steps.add(sums.step(TABLE, clipped, moment.isPresent()));
        }
        return List.copyOf(steps);
    }
}
