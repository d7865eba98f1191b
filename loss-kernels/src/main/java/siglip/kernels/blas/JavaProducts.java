package siglip.kernels.blas;

import java.util.Arrays;

/**
 * Products in plain Java, for machines without a native library and as a second opinion in tests.
 *
 * <p>Panels of {@code b}, {@value #DEPTH} x {@value #WIDTH}, are packed into an array that stays in cache; the innermost loop runs
 * along a row of {@code c}, which the compiler turns into vector instructions.
 */
final class JavaProducts extends CheckedProducts {
    private static final int DEPTH = 128;
    private static final int WIDTH = 256;

    private final float[] panel = new float[DEPTH * WIDTH];
    private final float[] left = new float[DEPTH];
    private final float[] result = new float[WIDTH];
    private final float[] line = new float[Math.max(DEPTH, WIDTH)];

    @Override
    public String name() {
        return "java";
    }

    @Override
    void compute(Shape shape, Operand first, Operand second, Matrix c) {
        Matrix a = first.matrix();
        Matrix b = second.matrix();
        for (int j = 0; j < shape.n(); j += WIDTH) {
            int width = Math.min(WIDTH, shape.n() - j);
            for (int p = 0; p < shape.k(); p += DEPTH) {
                int depth = Math.min(DEPTH, shape.k() - p);
                pack(shape, b, p, depth, j, width);
                boolean overwrite = p == 0 && shape.into() == Into.OVERWRITE;
                for (int i = 0; i < shape.m(); i++) {
                    loadLeft(shape, a, i, p, depth);
                    int at = i * shape.n() + j;
                    if (overwrite) {
                        Arrays.fill(result, 0, width, 0);
                    } else {
                        c.read(at, result, 0, width);
                    }
                    int q = 0;
                    for (; q + 4 <= depth; q += 4) {
                        addFour(left, q, panel, q * width, result, width);
                    }
                    for (; q < depth; q++) {
                        addOne(left[q], panel, q * width, result, width);
                    }
                    c.write(at, result, 0, width);
                }
            }
        }
    }

    /** Four rows of the panel at a time, since each visit of the result costs as much as a row. */
    private static void addFour(float[] left, int q, float[] panel, int from, float[] result, int width) {
        float f0 = left[q];
        float f1 = left[q + 1];
        float f2 = left[q + 2];
        float f3 = left[q + 3];
        for (int j = 0; j < width; j++) {
            result[j] = result[j]
                    + f0 * panel[from + j]
                    + f1 * panel[from + width + j]
                    + f2 * panel[from + 2 * width + j]
                    + f3 * panel[from + 3 * width + j];
        }
    }

    private static void addOne(float factor, float[] panel, int from, float[] result, int width) {
        for (int j = 0; j < width; j++) {
            result[j] += factor * panel[from + j];
        }
    }

    private void pack(Shape shape, Matrix b, int p, int depth, int j, int width) {
        if (!shape.transposeB()) {
            for (int q = 0; q < depth; q++) {
                b.read((p + q) * shape.n() + j, panel, q * width, width);
            }
            return;
        }
        for (int column = 0; column < width; column++) {
            b.read((j + column) * shape.k() + p, line, 0, depth);
            for (int q = 0; q < depth; q++) {
                panel[q * width + column] = line[q];
            }
        }
    }

    private void loadLeft(Shape shape, Matrix a, int i, int p, int depth) {
        if (!shape.transposeA()) {
            a.read(i * shape.k() + p, left, 0, depth);
            return;
        }
        for (int q = 0; q < depth; q++) {
            left[q] = a.get(p + q, i);
        }
    }

    @Override
    public void close() {}
}
