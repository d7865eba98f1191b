package siglip.job.optimizer;

import siglip.job.towers.ParameterLayout;

/**
 * Sums and inner products of gradients, each {@link ModelPart} apart: results have an element for each, in their order. Products are added up in
 * double.
 *
 * @param layout of the model
 */
public record PartProducts(ParameterLayout layout) {
    /** A vector as long as the model. */
    public Slot zeros() {
        return new Slot(
                "sum", new float[layout.dense()], new float[layout.tableRows() * layout.tableWidth()], new double[0]);
    }

    /** Adds a gradient, of each part times a factor. */
    public void add(Gradient gradient, double[] factors, Slot to) {
        int image = layout.imageParameters();
        Chunks.each(gradient.dense.length, (from, end) -> {
            for (int i = from; i < end; i++) {
                to.dense()[i] += (float) factors[i < image ? 0 : 1] * gradient.dense[i];
            }
        });
        int width = layout.tableWidth();
        for (int row = 0; row < gradient.rows; row++) {
            int start = gradient.ids[row] * width;
            for (int i = 0; i < width; i++) {
                to.table()[start + i] += (float) factors[2] * gradient.values[row * width + i];
            }
        }
    }

    /** A gradient with a vector. */
    public double[] of(Gradient gradient, Slot with) {
        double table = 0;
        int width = layout.tableWidth();
        for (int row = 0; row < gradient.rows; row++) {
            table += dot(gradient.values, row * width, with.table(), gradient.ids[row] * width, width);
        }
        return dense(gradient.dense, with.dense(), table);
    }

    /** Two gradients; those of one batch have the same rows of the table. */
    public double[] of(Gradient one, Gradient other) {
        double table = 0;
        int width = layout.tableWidth();
        for (int i = 0, j = 0; i < one.rows && j < other.rows; ) {
            if (one.ids[i] == other.ids[j]) {
                table += dot(one.values, i++ * width, other.values, j++ * width, width);
            } else if (one.ids[i] < other.ids[j]) {
                i++;
            } else {
                j++;
            }
        }
        return dense(one.dense, other.dense, table);
    }

    /** A vector with itself. */
    public double[] squares(Slot of) {
        return dense(of.dense(), of.dense(), dot(of.table(), 0, of.table(), 0, of.table().length));
    }

    private double[] dense(float[] one, float[] other, double table) {
        int image = layout.imageParameters();
        return new double[] {
            Chunks.sum(image, (from, to) -> dot(one, from, other, from, to - from)),
            Chunks.sum(layout.textParameters(), (from, to) -> dot(one, image + from, other, image + from, to - from)),
            table
        };
    }

    private static double dot(float[] one, int from, float[] other, int otherFrom, int count) {
        double sum = 0;
        for (int i = 0; i < count; i++) {
            sum += (double) one[from + i] * other[otherFrom + i];
        }
        return sum;
    }

    /** Parameters that lie {@code step} times a vector from others; the scalars are the same. */
    public Slot moved(Slot from, Slot along, double step) {
        return new Slot(
                from.name(),
                moved(from.dense(), along.dense(), step),
                moved(from.table(), along.table(), step),
                from.scalars());
    }

    private static float[] moved(float[] from, float[] along, double step) {
        float[] moved = new float[from.length];
        Chunks.each(from.length, (start, end) -> {
            for (int i = start; i < end; i++) {
                moved[i] = (float) (from[i] + step * along[i]);
            }
        });
        return moved;
    }
}
