package siglip.job.frozen;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import siglip.kernels.Loss;
import siglip.kernels.LossKernels;
import siglip.kernels.LossScalars;
import siglip.kernels.LossSums;
import siglip.kernels.Numerics;
import siglip.kernels.PairBlock;
import siglip.kernels.PairLabels;
import siglip.kernels.blas.Matrix;

class MeanLogitTest {
    private static final int N = 9;
    private static final int DIM = 5;

    private static Matrix unitRows(SplittableRandom random) {
        Matrix rows = Matrix.allocate(N, DIM);
        for (int i = 0; i < N; i++) {
            double[] row = random.doubles(DIM, -1, 1).toArray();
            double square = 0;
            for (double each : row) {
                square += each * each;
            }
            for (int k = 0; k < DIM; k++) {
                rows.set(i, k, (float) (row[k] / Math.sqrt(square)));
            }
        }
        return rows;
    }

    @Test
    void biasesFarFromAllLogitsMakeTwoSigmoidLossesWhoseDifferenceIsTheSumOfLogits() {
        SplittableRandom random = new SplittableRandom(1);
        Matrix images = unitRows(random);
        Matrix texts = unitRows(random);
        double logScale = Math.log(200); // the largest of the settings
        Matrix above = Matrix.allocate(N, DIM);
        Matrix below = Matrix.allocate(N, DIM);
        double far = ModelMeasurement.far(logScale);
        try (LossKernels kernels = LossKernels.open(Numerics.AUTO)) {
            for (double bias : new double[] {far, -far}) {
                LossScalars scalars = LossScalars.of(Loss.SIGMOID, logScale, bias);
                kernels.sigmoid()
                        .accumulate(
                                new PairBlock(images, texts, PairLabels.diagonal(N), scalars),
                                bias > 0 ? above : below,
                                Matrix.allocate(N, DIM),
                                new LossSums());
            }
        }

        for (int k = 0; k < DIM; k++) {
            double sum = 0;
            for (int j = 0; j < N; j++) {
                sum += 200 * texts.get(j, k);
            }
            for (int i = 0; i < N; i++) {
                assertThat((double) above.get(i, k) - below.get(i, k)).isCloseTo(sum, within(1e-5 * 200 * N));
            }
        }
    }
}
