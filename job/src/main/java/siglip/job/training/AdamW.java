package siglip.job.training;

import siglip.job.config.TrainingSettings;

/**
 * AdamW with decoupled weight decay for the towers, t' and b, and SparseAdam's rule for the table: of a table, only the rows
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
final class AdamW {
    private final TrainingSettings settings;
    private final boolean[] decayed;
    private final int width;
    private final float[] m;
    private final float[] v;
    private final float[] tableM;
    private final float[] tableV;
    private final double[] scalarM = new double[2];
    private final double[] scalarV = new double[2];
    private long updates;

    /** @param decayed which of the towers' parameters have weight decay */
    AdamW(TrainingSettings settings, boolean[] decayed, int tableRows, int width) {
        this.settings = settings;
        this.decayed = decayed;
        this.width = width;
        m = new float[decayed.length];
        v = new float[decayed.length];
        tableM = new float[tableRows * width];
        tableV = new float[tableRows * width];
    }

    /** Moves the parameters by one step at a learning rate. */
    void update(ArmState arm, Gradient gradient, double rate) {
        updates++;
        double correction1 = 1 - Math.pow(settings.beta1(), (double) updates);
        double correction2 = 1 - Math.pow(settings.beta2(), (double) updates);
        Chunks.each(
                m.length, (from, to) -> dense(arm.dense(), gradient.dense, from, to, rate, correction1, correction2));
        float tableRate = (float) (rate * Math.sqrt(correction2) / correction1);
        Chunks.each(gradient.rows * width, (from, to) -> table(arm.table(), gradient, from, to, tableRate));
        double scalarRate = rate * settings.scalarLearningRateFactor();
        arm.moveScalars(
                scalar(0, gradient.logScale, scalarRate, correction1, correction2),
                scalar(1, gradient.bias, scalarRate, correction1, correction2));
    }

    private void dense(float[] p, float[] g, int from, int to, double rate, double correction1, double correction2) {
        float b1 = (float) settings.beta1();
        float b2 = (float) settings.beta2();
        float c1 = (float) (1 - settings.beta1());
        float c2 = (float) (1 - settings.beta2());
        float epsilon = (float) settings.epsilon();
        float step = (float) (rate / correction1);
        float root = (float) Math.sqrt(correction2);
        float shrink = (float) (1 - rate * settings.weightDecay());
        for (int i = from; i < to; i++) {
            float gi = g[i];
            float mi = b1 * m[i] + c1 * gi;
            float vi = b2 * v[i] + c2 * gi * gi;
            m[i] = mi;
            v[i] = vi;
            float kept = decayed[i] ? p[i] * shrink : p[i];
            p[i] = kept - step * mi / ((float) Math.sqrt(vi) / root + epsilon);
        }
    }

    /** Elements {@code from} to {@code to - 1} of the touched rows, laid end to end. */
    private void table(float[] p, Gradient gradient, int from, int to, float rate) {
        float b1 = (float) settings.beta1();
        float b2 = (float) settings.beta2();
        float c1 = (float) (1 - settings.beta1());
        float c2 = (float) (1 - settings.beta2());
        float epsilon = (float) settings.epsilon();
        for (int i = from; i < to; i++) {
            int at = gradient.ids[i / width] * width + i % width;
            float gi = gradient.values[i];
            float mi = b1 * tableM[at] + c1 * gi;
            float vi = b2 * tableV[at] + c2 * gi * gi;
            tableM[at] = mi;
            tableV[at] = vi;
            p[at] -= rate * mi / ((float) Math.sqrt(vi) + epsilon);
        }
    }

    private double scalar(int index, double g, double rate, double correction1, double correction2) {
        scalarM[index] = settings.beta1() * scalarM[index] + (1 - settings.beta1()) * g;
        scalarV[index] = settings.beta2() * scalarV[index] + (1 - settings.beta2()) * g * g;
        return -rate / correction1 * scalarM[index] / (Math.sqrt(scalarV[index] / correction2) + settings.epsilon());
    }
}
