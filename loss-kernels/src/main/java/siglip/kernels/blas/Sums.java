package siglip.kernels.blas;

import java.nio.FloatBuffer;
import java.util.List;

/** Sums of matrices, in fp32. */
public final class Sums {
    private static final int CHUNK = 4096;

    /** Two chunks for each thread that ever adds: a step adds often, and should leave no garbage. */
    private static final ThreadLocal<float[][]> SCRATCH = ThreadLocal.withInitial(() -> new float[2][CHUNK]);

    private Sums() {}

    /** {@code to += from}, float by float. */
    public static void add(Matrix from, Matrix to) {
        add(List.of(to.floats(), from.floats()), to.floats());
    }

    /** Writes the sum of the parts, added in their order, over {@code to}; all have as many floats. Without parts, nothing is written. */
    public static void add(List<FloatBuffer> parts, FloatBuffer to) {
        if (parts.size() < 2) {
            parts.forEach(to::put);
            return;
        }
        float[] sum = SCRATCH.get()[0]; // through arrays, whose loop the compiler vectorises
        float[] part = SCRATCH.get()[1];
        while (to.hasRemaining()) {
            int count = Math.min(CHUNK, to.remaining());
            parts.get(0).get(sum, 0, count);
            for (int p = 1; p < parts.size(); p++) {
                parts.get(p).get(part, 0, count);
                for (int i = 0; i < count; i++) {
                    sum[i] += part[i];
                }
            }
            to.put(sum, 0, count);
        }
    }
}
