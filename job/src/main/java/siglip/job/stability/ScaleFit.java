package siglip.job.stability;

/** The softmax loss of pairs, mean of both directions in nats, with the scale t at which it is least. */
final class ScaleFit {
    /** Where no pair is confused, t would grow without end. */
    static final double LARGEST_SCALE = 1000;

    private static final double FIRST = 20;

    private final double[][][]
            lines; // of both directions: similarities of a query, less the largest of them; those left out are
    // -infinity
    private final double[] positives; // of each line, less its largest
    private double scale;
    private double loss;

    /** @param similarities row i of image i, column j of text j; NaN where a pair is left out, never on the diagonal */
    ScaleFit(double[][] similarities) {
        int n = similarities.length;
        lines = new double[2][n][n];
        positives = new double[2 * n];
        for (int direction = 0; direction < 2; direction++) {
            for (int i = 0; i < n; i++) {
                double[] line = lines[direction][i];
                double largest = Double.NEGATIVE_INFINITY;
                for (int j = 0; j < n; j++) {
                    double s = direction == 0 ? similarities[i][j] : similarities[j][i];
                    line[j] = Double.isNaN(s) ? Double.NEGATIVE_INFINITY : s;
                    largest = Math.max(largest, line[j]);
                }
                for (int j = 0; j < n; j++) {
                    line[j] -= largest;
                }
                positives[direction * n + i] = line[i];
            }
        }
        fit();
    }

    double scale() {
        return scale;
    }

    double loss() {
        return loss;
    }

    /** The loss is convex in t. Newton's method on its slope, kept between a t at which it falls and one at which it rises. */
    private void fit() {
        double low = 0;
        double high = LARGEST_SCALE;
        scale = FIRST;
        double[] at = at(scale);
        for (int i = 0; i < 40; i++) {
            low = at[1] < 0 ? scale : low;
            high = at[1] < 0 ? high : scale;
            double next = scale - at[1] / at[2];
            next = next > low && next < high ? next : (low + high) / 2;
            boolean done = Math.abs(next - scale) <= 1e-4 * scale;
            scale = next > LARGEST_SCALE * (1 - 1e-4) ? LARGEST_SCALE : next;
            at = at(scale);
            if (done || scale == LARGEST_SCALE) {
                break;
            }
        }
        loss = at[0];
    }

    /** Mean loss, its slope and its curvature in t. */
    private double[] at(double t) {
        double sum = 0;
        double slope = 0;
        double curvature = 0;
        for (int direction = 0; direction < 2; direction++) {
            int n = lines[direction].length;
            for (int i = 0; i < n; i++) {
                double weights = 0;
                double first = 0;
                double second = 0;
                for (double s : lines[direction][i]) {
                    double weight = Math.exp(t * s);
                    if (weight > 0) {
                        weights += weight;
                        first += weight * s;
                        second += weight * s * s;
                    }
                }
                double positive = positives[direction * n + i];
                sum += Math.log(weights) - t * positive;
                slope += first / weights - positive;
                curvature += second / weights - first / weights * (first / weights);
            }
        }
        int count = positives.length;
        return new double[] {sum / count, slope / count, curvature / count};
    }
}
