package siglip.job.towers;

import siglip.kernels.blas.Matrix;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Operand;

/** Three loops, summed in {@code float} in the order of the index: for tests that want no native library. */
public final class NaiveProducts implements MatrixProducts {
    @Override
    public String name() {
        return "naive";
    }

    @Override
    public void timesTransposed(Operand a, Operand b, Matrix c, Into into) {
        product(c, a.matrix().columns(), into, (i, k) -> a.matrix().get(i, k), (k, j) -> b.matrix()
                .get(j, k));
    }

    @Override
    public void times(Operand a, Operand b, Matrix c, Into into) {
        product(c, a.matrix().columns(), into, (i, k) -> a.matrix().get(i, k), (k, j) -> b.matrix()
                .get(k, j));
    }

    @Override
    public void transposedTimes(Operand a, Operand b, Matrix c, Into into) {
        product(c, a.matrix().rows(), into, (i, k) -> a.matrix().get(k, i), (k, j) -> b.matrix()
                .get(k, j));
    }

    private interface Entry {
        float at(int row, int column);
    }

    private static void product(Matrix c, int depth, Into into, Entry a, Entry b) {
        for (int i = 0; i < c.rows(); i++) {
            for (int j = 0; j < c.columns(); j++) {
                float sum = into == Into.ADD ? c.get(i, j) : 0;
                for (int k = 0; k < depth; k++) {
                    sum += a.at(i, k) * b.at(k, j);
                }
                c.set(i, j, sum);
            }
        }
    }

    @Override
    public void close() {}
}
