package siglip.kernels.blas;

import static org.bytedeco.openblas.global.openblas_nolapack.CblasNoTrans;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasRowMajor;
import static org.bytedeco.openblas.global.openblas_nolapack.CblasTrans;

import org.bytedeco.openblas.global.openblas_nolapack;

/** Products by OpenBLAS's {@code sgemm}, on one thread. */
final class OpenBlasProducts extends CheckedProducts {
    private final NativeAddress a = new NativeAddress();
    private final NativeAddress b = new NativeAddress();
    private final NativeAddress c = new NativeAddress();
    private final String name;

    OpenBlasProducts() {
        org.bytedeco.openblas.presets.openblas_nolapack.blas_set_num_threads(1);
        // " OpenBLAS 0.3.31 "
        String version =
                openblas_nolapack.OPENBLAS_VERSION.replace("OpenBLAS", "").strip();
        name = "openblas-%s-%s".formatted(version, InstructionSet.ofProcessor());
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    void compute(Shape shape, Operand left, Operand right, Matrix result) {
        openblas_nolapack.cblas_sgemm(
                CblasRowMajor,
                shape.transposeA() ? CblasTrans : CblasNoTrans,
                shape.transposeB() ? CblasTrans : CblasNoTrans,
                shape.m(),
                shape.n(),
                shape.k(),
                1f,
                a.of(left.matrix().address()),
                left.matrix().columns(),
                b.of(right.matrix().address()),
                right.matrix().columns(),
                shape.into() == Into.ADD ? 1f : 0f,
                c.of(result.address()),
                result.columns());
    }

    @Override
    public void close() {}
}
