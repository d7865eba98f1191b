package siglip.job.optimizer;

import java.util.List;
import siglip.job.config.OptimizerSettings;

/**
 * Lion: each number moves by the learning rate in the direction that a mix of gradient and memory points, whatever their size. Of the table, as with
 * {@link AdamW}, only the rows that a batch touched and their memory move, and nothing decays.
 *
 * <pre>{@code
 * p = p - rate (sign(beta1 m + (1 - beta1) g) + decay p)        then m = beta2 m + (1 - beta2) g
 * }</pre>
 *
 * <p>It remembers one number a parameter where AdamW has two. Its authors use a learning rate 3 to 10 times smaller than AdamW's, a decay as
 * many times larger, and beta2 = 0.99.
 *
 * @see <a href="https://arxiv.org/abs/2302.06675">Chen et al. 2023</a>, Program 1
 */
final class Lion extends Optimizer {
    private static final String MEAN = "mean";
    static final List<String> SLOTS = List.of(MEAN);

    private final Slot mean = slot(MEAN);
    private double rate; // of the step that has begun

    Lion(OptimizerSettings settings, Slot parameters, ParameterGroups groups) {
        super(settings, parameters, groups);
    }

    @Override
    void begin(double learningRate, long update) {
        rate = learningRate;
    }

    @Override
    public void moveScalars(Gradient gradient) {
        double[] scalars = parameters.scalars();
        double[] m = mean.scalars();
        for (int i = 0; i < scalars.length; i++) {
            double g = gradient.scalars[i];
            double mixed = settings.beta1() * m[i] + (1 - settings.beta1()) * g;
            scalars[i] -= rate * settings.scalarLearningRateFactor() * Math.signum(mixed);
            m[i] = settings.beta2() * m[i] + (1 - settings.beta2()) * g;
        }
    }

    @Override
    void moveDense(float[] g, int from, int to, double factor, double decay) {
        move(parameters.dense(), mean.dense(), from, g, from, to - from, rate * factor, decay);
    }

    @Override
    void moveTable(Gradient gradient, double factor) {
        int width = gradient.width();
        Chunks.each(gradient.rows, (from, to) -> {
            for (int row = from; row < to; row++) {
                int at = gradient.ids[row] * width;
                move(parameters.table(), mean.table(), at, gradient.values, row * width, width, rate * factor, 0);
            }
        });
    }

    /** Moves {@code count} numbers from {@code at} on by a gradient from {@code first} on. */
    private void move(float[] p, float[] m, int at, float[] g, int first, int count, double speed, double decay) {
        float b1 = (float) settings.beta1();
        float b2 = (float) settings.beta2();
        float c1 = (float) (1 - settings.beta1());
        float c2 = (float) (1 - settings.beta2());
        float step = (float) speed;
        float shrink = (float) (1 - speed * decay);
        for (int i = 0; i < count; i++) {
            float gi = g[first + i];
            float mi = m[at + i];
            p[at + i] = p[at + i] * shrink - step * Math.signum(b1 * mi + c1 * gi);
            m[at + i] = b2 * mi + c2 * gi;
        }
    }
}
