package siglip.job.losses;

import java.nio.FloatBuffer;
import java.util.Arrays;
import siglip.job.stage.Lanes;
import siglip.job.towers.UnitRows;
import siglip.kernels.Footprint;
import siglip.kernels.blas.Matrix;

/**
 * Rows of one side of a batch less the mean of the global batch, scaled to length 1 again, and the way of a gradient back through both:
 *
 * <pre>{@code
 * z = x - mean of x        e = z / |z|
 * dz = (de - e (e . de)) / |z|        dx = dz - mean of dz
 * }</pre>
 *
 * <p>The means are those of all ranks, whose sums somebody else adds up: {@link #sum} and {@link #backward} give this rank's. They are {@code double}, the
 * rest is {@code float}. A row that is the mean has no direction: like any row without one ({@link UnitRows}) it becomes zeros, so that its similarity to all is 0, and passes
 * no gradient back but its share of the mean.
 */
final class CentredRows {
    private final Lanes lanes;
    private final int width;
    private final UnitRows[] units; // by lane
    private final double[][] sums; // by lane
    private final float[][] row; // by lane

    /** @param rows that this rank has */
    CentredRows(Lanes lanes, int rows, int width) {
        this.lanes = lanes;
        this.width = width;
        units = new UnitRows[lanes.count()];
        Arrays.setAll(units, lane -> new UnitRows(lanes.cut(rows).size(lane), width));
        sums = new double[lanes.count()][width];
        row = new float[lanes.count()][width];
    }

    /** Adds up rows into {@code to} from {@code at} on. */
    void sum(Matrix rows, double[] to, int at) {
        lanes.each(rows.rows(), (lane, from, count) -> sum(lane, rows.rows(from, count)));
        addLanes(to, at);
    }

    private void sum(int lane, Matrix rows) {
        Arrays.fill(sums[lane], 0);
        FloatBuffer floats = rows.floats();
        for (int i = 0; i < rows.rows(); i++) {
            floats.get(i * width, row[lane]);
            add(row[lane], sums[lane]);
        }
    }

    private void addLanes(double[] to, int at) {
        for (int k = 0; k < width; k++) {
            double sum = 0;
            for (double[] lane : sums) {
                sum += lane[k];
            }
            to[at + k] = sum;
        }
    }

    /** {@code e} of {@code x}, whose mean is {@code mean} from {@code at} on. */
    void forward(Matrix x, double[] mean, int at, Matrix e) {
        lanes.each(x.rows(), (lane, from, count) -> {
            subtract(lane, x.rows(from, count), mean, at, e.rows(from, count));
            units[lane].forward(e.rows(from, count), e.rows(from, count));
        });
    }

    /** Turns {@code de} into {@code dz}, and adds that up into {@code to}. */
    void backward(Matrix e, Matrix gradient, double[] to) {
        lanes.each(e.rows(), (lane, from, count) -> {
            Matrix part = gradient.rows(from, count);
            units[lane].backwardOf(e.rows(from, count), part, part);
            sum(lane, part);
        });
        addLanes(to, 0);
    }

    /** Turns {@code dz} into {@code dx}. */
    void subtract(Matrix gradient, double[] mean) {
        lanes.each(gradient.rows(), (lane, from, count) -> {
            Matrix part = gradient.rows(from, count);
            subtract(lane, part, mean, 0, part);
        });
    }

    private void subtract(int lane, Matrix rows, double[] mean, int at, Matrix to) {
        FloatBuffer source = rows.floats();
        FloatBuffer target = to.floats();
        for (int i = 0; i < rows.rows(); i++) {
            source.get(i * width, row[lane]);
            subtract(row[lane], mean, at);
            target.put(i * width, row[lane]);
        }
    }

    // Loops of their own, so the compiler vectorises them.

    private static void add(float[] row, double[] to) {
        for (int k = 0; k < row.length; k++) {
            to[k] += row[k];
        }
    }

    private static void subtract(float[] row, double[] mean, int at) {
        for (int k = 0; k < row.length; k++) {
            row[k] = (float) (row[k] - mean[at + k]);
        }
    }

    /** Memory of one side, but for the rows themselves. */
    static Footprint footprint(int lanes, int rows, int width) {
        long ofLane = (Double.BYTES + 4L * Float.BYTES) * width;
        return new Footprint(0, lanes * ofLane + (long) Double.BYTES * rows);
    }
}
