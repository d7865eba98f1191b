package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import siglip.kernels.blas.Matrix;
import siglip.kernels.lines.LogSums;

class LossKernelsTest {
    private static Numerics numerics(String products, String elementwise) {
        return new Numerics(products, Numerics.FP32, elementwise, 64);
    }

    @Test
    void autoTakesTheKernelThatThisRunRequires() {
        try (LossKernels kernels = LossKernels.open(Numerics.AUTO)) {
            assertThat(kernels.numerics().elementwise()).startsWith(Kernels.required());
            assertThat(kernels.numerics().products()).matches("onednn-3\\.11\\.0-\\w+");
            assertThat(kernels.numerics().tile()).isEqualTo(512);
        }
    }

    @Test
    void resolvedNumericsCanBeAskedForAgain() {
        try (LossKernels first = LossKernels.open(Numerics.AUTO);
                LossKernels again = LossKernels.open(first.numerics())) {
            assertThat(again.numerics()).isEqualTo(first.numerics());
        }
    }

    @Test
    void anotherVersionIsRefused() {
        assertThatThrownBy(() -> LossKernels.open(numerics("onednn-2.0.0-avx2", "auto")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageStartingWith(
                        "Cannot use matrix products 'onednn-2.0.0-avx2': this machine has 'onednn-3.11.0-");
    }

    @Test
    void choicesThatDoNotExistAreNamed() {
        assertThatThrownBy(() -> LossKernels.open(numerics("cublas", "auto")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'cublas'")
                .hasMessageContaining("auto, onednn, openblas and java");
        assertThatThrownBy(() -> LossKernels.open(numerics("auto", "vector-1024")))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'vector-1024'");
        assertThatThrownBy(() -> LossKernels.open(new Numerics("auto", "fp16", "auto", 64)))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("'fp16'");
        assertThatThrownBy(() -> new Numerics("auto", "fp32", "auto", 0)).isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    @EnabledIfSystemProperty(named = "test.kernel", matches = "scalar")
    void withoutItsModuleTheVectorKernelSaysWhatIsMissing() {
        assertThatThrownBy(() -> LossKernels.open(numerics("auto", "vector")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessage(
                        "Cannot use element-wise kernel 'vector': module jdk.incubator.vector is not loaded. Add --add-modules jdk.incubator.vector to the options of this JVM, or choose auto or scalar");
    }

    @Test
    void workingMemoryDoesNotGrowWithTheBatch() {
        try (LossKernels kernels = LossKernels.open(numerics("auto", "auto"))) {
            long atFirst = kernels.footprint().total();
            for (int n : new int[] {100, 3000}) {
                Matrix rows = Matrix.allocate(n, 4);
                kernels.sigmoid()
                        .accumulate(
                                new PairBlock(rows, rows, PairLabels.diagonal(n), LossScalars.of(Loss.SIGMOID, 2, -10)),
                                Matrix.allocate(n, 4),
                                Matrix.allocate(n, 4),
                                new LossSums());
            }
            assertThat(kernels.footprint().total()).isLessThan(atFirst + 1000); // row sums of width 4
        }
    }

    @Test
    void whatDoesNotFitTogetherIsRefused() {
        Matrix four = Matrix.allocate(4, 3);
        Matrix five = Matrix.allocate(5, 3);
        Matrix wide = Matrix.allocate(4, 6);
        LossScalars params = LossScalars.of(Loss.SIGMOID, 2, -10);
        try (LossKernels kernels = LossKernels.open(numerics("auto", "auto"))) {
            SigmoidLoss loss = kernels.sigmoid();
            assertThatThrownBy(() -> loss.accumulate(
                            new PairBlock(four, wide, PairLabels.diagonal(4), params), four, wide, new LossSums()))
                    .hasMessage("Cannot compare images of 3 dims with texts of 6");
            assertThatThrownBy(() -> loss.accumulate(
                            new PairBlock(four, five, PairLabels.diagonal(4), params), four, five, new LossSums()))
                    .hasMessage("Cannot label 4 images and 5 texts with 4 and 4 concept ids");
            assertThatThrownBy(() -> loss.accumulate(
                            new PairBlock(four, four, PairLabels.diagonal(4), params), five, four, new LossSums()))
                    .hasMessage("Cannot add the image gradient of 4 x 3 to a matrix of 5 x 3");
            assertThatThrownBy(() -> loss.accumulate(
                            new PairBlock(four, four, PairLabels.diagonal(4), LossScalars.of(Loss.SIGMOID, 100, 0)),
                            four,
                            four,
                            new LossSums()))
                    .hasMessageStartingWith("Cannot compute logits with logScale=100.0");
            assertThatThrownBy(() -> kernels.softmax()
                            .accumulateLogSums(
                                    new PairBlock(four, four, PairLabels.diagonal(4), params),
                                    new LogSums(4),
                                    new LogSums(4),
                                    1))
                    .hasMessage(
                            "Cannot keep the sums of 4 images and of 4 texts from column 1 on in 4 rows and 4 columns");
        }
    }
}
