package siglip.job.optimizer;

import java.util.Optional;

/**
 * Sums of squares over the numbers of one tensor. They are added up in lanes of floats, loops that the compiler turns into vector instructions, and every few
 * thousand numbers in double: right to about a millionth. Squares too small or too large for a float are added up in double from the start.
 */
final class TensorSums {
    private static final int LANES = 1024;

    /** How many numbers a lane adds up before it is emptied. */
    private static final int DEEPEST = 16;

    /** A sum of squares between these has lost nothing to the range of float32. */
    private static final double LEAST = 1e-25;

    private static final double MOST = 1e30;

    private long count;
    private boolean moments;
    private double gradient;
    private double parameters;
    private double update;
    private double ratio; // of squared gradient to second moment

    /**
     * What lies at the same place of four arrays.
     *
     * @param gradient as the optimizer saw it
     * @param old parameters before the update
     * @param now parameters after it
     * @param moment the second moment, where there is one
     */
    record Numbers(float[] gradient, float[] old, float[] now, float[] moment) {}

    /** The sums over {@code size} numbers from {@code first} on; chunk by chunk, in their order. */
    static TensorSums of(Numbers numbers, int first, int size, Optional<SecondMoment> moment) {
        double least = moment.map(m -> m.epsilon() * m.epsilon()).orElse(0.0);
        double unbiased = moment.map(m -> 1 / m.correction()).orElse(0.0);
        TensorSums sums = new TensorSums();
        sums.moments = moment.isPresent();
        for (TensorSums part :
                Chunks.map(size, (from, to) -> chunk(numbers, first + from, first + to, unbiased, least))) {
            sums.add(part);
        }
        return sums;
    }

    private static TensorSums chunk(Numbers numbers, int from, int to, double unbiased, double least) {
        TensorSums fast = new TensorSums();
        int end = from + (to - from) / LANES * LANES;
        fast.lanes(numbers, from, end, (float) unbiased, (float) least);
        fast.exact(numbers, end, to, unbiased, least);
        boolean kept = inRange(fast.gradient)
                && inRange(fast.parameters)
                && inRange(fast.update)
                && (unbiased == 0 || inRange(fast.ratio));
        if (kept) {
            return fast;
        }
        TensorSums exact = new TensorSums();
        exact.exact(numbers, from, to, unbiased, least);
        return exact;
    }

    private static boolean inRange(double sum) {
        return sum >= LEAST && sum <= MOST;
    }

    private void lanes(Numbers numbers, int from, int to, float unbiased, float least) {
        float[] ofGradient = new float[LANES];
        float[] ofParameters = new float[LANES];
        float[] ofUpdate = new float[LANES];
        float[] ofRatio = new float[LANES];
        int deep = 0;
        for (int i = from; i < to; i += LANES) {
            squares(numbers.gradient, i, ofGradient);
            squares(numbers.old, i, ofParameters);
            differences(numbers.now, numbers.old, i, ofUpdate);
            if (unbiased > 0) {
                ratios(numbers.gradient, numbers.moment, i, unbiased, least, ofRatio);
            }
            if (++deep == DEEPEST || i + LANES >= to) {
                gradient += emptied(ofGradient);
                parameters += emptied(ofParameters);
                update += emptied(ofUpdate);
                ratio += emptied(ofRatio);
                deep = 0;
            }
        }
        count += to - from;
    }

    private static void squares(float[] x, int from, float[] lanes) {
        for (int j = 0; j < LANES; j++) {
            lanes[j] += x[from + j] * x[from + j];
        }
    }

    private static void differences(float[] x, float[] y, int from, float[] lanes) {
        for (int j = 0; j < LANES; j++) {
            float d = x[from + j] - y[from + j];
            lanes[j] += d * d;
        }
    }

    /** The larger of moment and {@code least} without {@code Math.max}, which takes three times as long. */
    private static void ratios(float[] g, float[] v, int from, float unbiased, float least, float[] lanes) {
        for (int j = 0; j < LANES; j++) {
            float m = v[from + j] * unbiased;
            lanes[j] += g[from + j] * g[from + j] / (0.5f * (m + least + Math.abs(m - least)));
        }
    }

    private static double emptied(float[] lanes) {
        double sum = 0;
        for (int j = 0; j < LANES; j++) {
            sum += lanes[j];
            lanes[j] = 0;
        }
        return sum;
    }

    private void exact(Numbers numbers, int from, int to, double unbiased, double least) {
        for (int i = from; i < to; i++) {
            double g = numbers.gradient[i];
            double p = numbers.old[i];
            double moved = numbers.now[i] - p;
            gradient += g * g;
            parameters += p * p;
            update += moved * moved;
            if (unbiased > 0) {
                ratio += g * g / Math.max(numbers.moment[i] * unbiased, least);
            }
        }
        count += to - from;
    }

    private void add(TensorSums part) {
        count += part.count;
        gradient += part.gradient;
        parameters += part.parameters;
        update += part.update;
        ratio += part.ratio;
    }

    /** @param clipped what the gradient was multiplied with to clip it */
    TensorStep step(String name, double clipped) {
        return new TensorStep(
                name,
                Math.sqrt(gradient) / clipped,
                Math.sqrt(parameters),
                Math.sqrt(update),
                moments && count > 0 ? Math.sqrt(ratio / count) : Double.NaN);
    }
}
