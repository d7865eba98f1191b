package siglip.job.optimizer;

import java.util.List;
import java.util.Optional;
import siglip.job.config.OptimizerSettings;

/**
 * AdamW with decoupled weight decay for the towers and the scalars of the loss, and SparseAdam's rule for the table: of a table, only the rows
 * that a batch touched and their moments move, and nothing decays.
 *
 * <pre>{@code
 * m = beta1 m + (1 - beta1) g        v = beta2 v + (1 - beta2) g^2
 * p = p (1 - rate decay) - rate / (1 - beta1^k) * m / (sqrt(v / (1 - beta2^k)) + epsilon)      k = 1, 2, ...
 * }</pre>
 *
 * @see <a href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter 2019</a>, Algorithm 2, and PyTorch's AdamW and
 *     SparseAdam, whose placing of epsilon each part follows
 */
final class AdamW extends Optimizer {
    private static final String MEAN = "mean";
    private static final String SQUARE = "square";
    static final List<String> SLOTS = List.of(MEAN, SQUARE);

    private final Slot mean = slot(MEAN);
    private final Slot square = slot(SQUARE);
    private double rate; // of the step that has begun
    private double correction1;
    private double correction2;

    AdamW(OptimizerSettings settings, Slot parameters, ParameterGroups groups) {
        super(settings, parameters, groups);
    }

    @Override
    void begin(double learningRate, long update) {
        rate = learningRate;
        correction1 = 1 - Math.pow(settings.beta1(), (double) update);
        correction2 = 1 - Math.pow(settings.beta2(), (double) update);
    }

    @Override
    Optional<SecondMoment> secondMoment() {
        return Optional.of(new SecondMoment(square, correction2, settings.epsilon()));
    }

    @Override
    public void moveScalars(Gradient gradient) {
        double[] scalars = parameters.scalars();
        double scalarRate = rate * settings.scalarLearningRateFactor();
        double[] m = mean.scalars();
        double[] v = square.scalars();
        for (int i = 0; i < scalars.length; i++) {
            double g = gradient.scalars[i];
            m[i] = settings.beta1() * m[i] + (1 - settings.beta1()) * g;
            v[i] = settings.beta2() * v[i] + (1 - settings.beta2()) * g * g;
            scalars[i] += -scalarRate / correction1 * m[i] / (Math.sqrt(v[i] / correction2) + settings.epsilon());
        }
    }

    @Override
    void moveTable(Gradient gradient, double factor) {
        float tableRate = (float) (factor * rate * Math.sqrt(correction2) / correction1);
        Chunks.each(gradient.rows * gradient.width(), (from, to) -> table(gradient, from, to, tableRate));
    }

    @Override
    void moveDense(float[] g, int from, int to, double factor, double decay) {
        double groupRate = rate * factor;
        float[] p = parameters.dense();
        float[] m = mean.dense();
        float[] v = square.dense();
        float b1 = (float) settings.beta1();
        float b2 = (float) settings.beta2();
        float c1 = (float) (1 - settings.beta1());
        float c2 = (float) (1 - settings.beta2());
        float epsilon = (float) settings.epsilon();
        float step = (float) (groupRate / correction1);
        float root = (float) Math.sqrt(correction2);
        float shrink = (float) (1 - groupRate * decay);
        for (int i = from; i < to; i++) {
            float gi = g[i];
            float mi = b1 * m[i] + c1 * gi;
            float vi = b2 * v[i] + c2 * gi * gi;
            m[i] = mi;
            v[i] = vi;
            p[i] = p[i] * shrink - step * mi / ((float) Math.sqrt(vi) / root + epsilon);
        }
    }

    /** Elements {@code from} to {@code to - 1} of the touched rows, laid end to end. */
    private void table(Gradient gradient, int from, int to, float tableRate) {
        int width = gradient.width();
        float[] p = parameters.table();
        float[] tableM = mean.table();
        float[] tableV = square.table();
        float b1 = (float) settings.beta1();
        float b2 = (float) settings.beta2();
        float c1 = (float) (1 - settings.beta1());
        float c2 = (float) (1 - settings.beta2());
        float epsilon = (float) settings.epsilon();
        for (int i = from; i < to; ) {
            int row = i / width;
            int end = Math.min(to, (row + 1) * width);
            int shift = (gradient.ids[row] - row) * width; // from the touched rows to the table's
            for (; i < end; i++) {
                float gi = gradient.values[i];
                float mi = b1 * tableM[i + shift] + c1 * gi;
                float vi = b2 * tableV[i + shift] + c2 * gi * gi;
                tableM[i + shift] = mi;
                tableV[i + shift] = vi;
                p[i + shift] -= tableRate * mi / ((float) Math.sqrt(vi) + epsilon);
            }
        }
    }
}
