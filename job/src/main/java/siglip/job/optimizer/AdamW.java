package siglip.job.optimizer;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import siglip.job.config.TrainingSettings;
import siglip.job.training.ArmState;

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
public final class AdamW {
    private final TrainingSettings settings;
    private final List<Run> runs;
    private final int width;
    private final float[] m;
    private final float[] v;
    private final float[] tableM;
    private final float[] tableV;
    private final double[] scalarM = new double[2];
    private final double[] scalarV = new double[2];
    private long updates;
    private double rate; // of the step that has begun
    private double correction1;
    private double correction2;

    /** Neighbouring parameters that all have weight decay, or all have none: a loop over one has no condition inside. */
    private record Run(int from, int to, boolean decays) {
        static List<Run> of(boolean[] decayed) {
            List<Run> runs = new ArrayList<>();
            int from = 0;
            for (int i = 1; i <= decayed.length; i++) {
                if (i == decayed.length || decayed[i] != decayed[from]) {
                    runs.add(new Run(from, i, decayed[from]));
                    from = i;
                }
            }
            return runs;
        }
    }

    /** @param decayed which of the towers' parameters have weight decay */
    public AdamW(TrainingSettings settings, boolean[] decayed, int tableRows, int width) {
        this.settings = settings;
        this.runs = Run.of(decayed);
        this.width = width;
        m = new float[decayed.length];
        v = new float[decayed.length];
        tableM = new float[tableRows * width];
        tableV = new float[tableRows * width];
    }

    public OptimizerSnapshot snapshot() {
        return new OptimizerSnapshot(
                updates, m.clone(), v.clone(), tableM.clone(), tableV.clone(), scalarM.clone(), scalarV.clone());
    }

    /** Takes over another one's memory; shapes are the caller's to check. */
    public void restore(OptimizerSnapshot from) {
        updates = from.updates();
        ArmState.copy(from.denseMean(), m);
        ArmState.copy(from.denseSquare(), v);
        ArmState.copy(from.tableMean(), tableM);
        ArmState.copy(from.tableSquare(), tableV);
        System.arraycopy(from.scalarMean(), 0, scalarM, 0, scalarM.length);
        System.arraycopy(from.scalarSquare(), 0, scalarV, 0, scalarV.length);
    }

    /** Begins a step at a learning rate: moves t' and b, and leaves the rest to {@link #moveDense} and {@link #moveTable}. */
    public void begin(ArmState arm, Gradient gradient, double learningRate) {
        updates++;
        rate = learningRate;
        correction1 = 1 - Math.pow(settings.beta1(), (double) updates);
        correction2 = 1 - Math.pow(settings.beta2(), (double) updates);
        double scalarRate = rate * settings.scalarLearningRateFactor();
        arm.moveScalars(scalar(0, gradient.logScale, scalarRate), scalar(1, gradient.bias, scalarRate));
    }

    /** Moves the towers' parameters {@code first} to {@code last - 1}, and copies them while they are in the cache. */
    public void moveDense(ArmState arm, Gradient gradient, int first, int last, FloatBuffer copy) {
        for (Run run : runs) {
            double decay = run.decays ? settings.weightDecay() : 0;
            int start = Math.max(first, run.from);
            Chunks.each(Math.min(last, run.to) - start, (from, to) -> {
                dense(arm.dense(), gradient.dense, start + from, start + to, decay);
                copy.put(start + from - first, arm.dense(), start + from, to - from);
            });
        }
    }

    /** Moves the touched rows of the table. */
    public void moveTable(ArmState arm, Gradient gradient) {
        float tableRate = (float) (rate * Math.sqrt(correction2) / correction1);
        Chunks.each(gradient.rows * width, (from, to) -> table(arm.table(), gradient, from, to, tableRate));
    }

    private void dense(float[] p, float[] g, int from, int to, double decay) {
        float b1 = (float) settings.beta1();
        float b2 = (float) settings.beta2();
        float c1 = (float) (1 - settings.beta1());
        float c2 = (float) (1 - settings.beta2());
        float epsilon = (float) settings.epsilon();
        float step = (float) (rate / correction1);
        float root = (float) Math.sqrt(correction2);
        float shrink = (float) (1 - rate * decay);
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
    private void table(float[] p, Gradient gradient, int from, int to, float rate) {
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
                p[i + shift] -= rate * mi / ((float) Math.sqrt(vi) + epsilon);
            }
        }
    }

    private double scalar(int index, double g, double scalarRate) {
        scalarM[index] = settings.beta1() * scalarM[index] + (1 - settings.beta1()) * g;
        scalarV[index] = settings.beta2() * scalarV[index] + (1 - settings.beta2()) * g * g;
        return -scalarRate
                / correction1
                * scalarM[index]
                / (Math.sqrt(scalarV[index] / correction2) + settings.epsilon());
    }
}
