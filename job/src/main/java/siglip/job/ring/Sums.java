package siglip.job.ring;

import java.nio.FloatBuffer;
import java.util.List;
import siglip.kernels.blas.Matrix;

/** Sums of matrices, in fp32. */
public final class Sums {
    private static final int CHUNK = 4096;

    private Sums() {}

    /** {@code to += from}, float by float. */
    public static void add(Matrix from, Matrix to) {
        add(from.floats(), to.floats());
    }

    private static void add(FloatBuffer from, FloatBuffer to) {
        add(List.of(to.duplicate(), from), to);
    }

    /** Writes the sum of the parts, added in their order, over {@code to}; all have as many floats. Without parts, nothing is written. */
    static void add(List<FloatBuffer> parts, FloatBuffer to) {
        if (parts.size() < 2) {
            parts.forEach(to::put);
            return;
        }
        float[] sum = new float[Math.min(CHUNK, to.remaining())]; // through arrays, whose loop the compiler vectorises
        float[] part = new float[sum.length];
        while (to.hasRemaining()) {
            int count = Math.min(sum.length, to.remaining());
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
