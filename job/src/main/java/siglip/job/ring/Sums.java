package siglip.job.ring;

import java.nio.FloatBuffer;
import siglip.kernels.blas.Matrix;

/** Sums of matrices, in fp32. */
public final class Sums {
    private static final int CHUNK = 4096;

    private Sums() {}

    /** {@code to += from}, float by float. */
    public static void add(Matrix from, Matrix to) {
        add(from.floats(), to.floats());
    }

    /** Adds all remaining floats of {@code from} to those of {@code to}. Chunks through arrays, which the compiler vectorises. */
    static void add(FloatBuffer from, FloatBuffer to) {
        float[] a = new float[Math.min(CHUNK, from.remaining())];
        float[] b = new float[a.length];
        while (from.hasRemaining()) {
            int count = Math.min(a.length, from.remaining());
            from.get(a, 0, count);
            int at = to.position();
            to.get(at, b, 0, count);
            for (int i = 0; i < count; i++) {
                b[i] += a[i];
            }
            to.put(b, 0, count);
        }
    }
}
