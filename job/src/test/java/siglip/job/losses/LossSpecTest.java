package siglip.job.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.config.LossSettings;
import siglip.job.config.TestArms;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;

class LossSpecTest {
    private static final double MOST = 200; // of arms of tests

    @ParameterizedTest
    @EnumSource
    void everyLossIsDescribedUnderItsOwnName(Loss loss) {
        assertThat(LossSpec.of(LossForm.plain(loss)).form().loss()).isEqualTo(loss);
    }

    @Test
    void partsOfTheirWorkHaveNames() {
        assertThat(Arrays.stream(Loss.values())
                        .flatMap(loss -> LossSpec.of(LossForm.plain(loss)).work().stream())
                        .map(LossWork::name)
                        .distinct())
                .containsExactly(
                        "sigmoid_logit",
                        "softmax_logit_first_pass",
                        "softmax_logit_second_pass",
                        "merged_column",
                        "histogram_logit",
                        "merged_bin",
                        "hybrid_logit_second_pass",
                        "sigmoid_adaptive_logit_second_pass");
    }

    /** The least of the loss of one logit for all pairs, found by looking. */
    @ParameterizedTest
    @ValueSource(doubles = {1, 3, 255})
    void aConstantPredictorsSigmoidLossIsTheLeastThatOneLogitCanHave(double weight) {
        LossSpec spec = LossSpec.of(new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, weight)));
        for (long[] counts : new long[][] {{256, 256 * 255}, {280, 256 * 256 - 280}, {256, 60_000}, {2, 2}}) {
            int rows = (int) Math.min(256, counts[0]);
            double least = Double.POSITIVE_INFINITY;
            for (double logit = -12; logit < 6; logit += 1e-3) {
                double positive = weight * Math.log1p(Math.exp(-logit));
                least = Math.min(least, (counts[0] * positive + counts[1] * Math.log1p(Math.exp(logit))) / rows);
            }

            assertThat(spec.constantLoss(rows, counts[0], counts[1]).orElseThrow())
                    .isCloseTo(least, within(1e-4));
        }
    }

    @Test
    void withOnePositiveARowItIsWhatTheDocumentSays() {
        assertThat(LossSpec.of(LossForm.plain(Loss.SIGMOID))
                        .constantLoss(256, 256, 256 * 255)
                        .orElseThrow())
                .isCloseTo(Math.log(256) + 255 * Math.log(256 / 255.0), within(1e-12));
        assertThat(LossSpec.of(LossForm.plain(Loss.SOFTMAX))
                        .constantLoss(256, 256, 256 * 255)
                        .orElseThrow())
                .isCloseTo(Math.log(256), within(1e-12));
    }

    /** Texts go round a ring and their gradients back; or both sides are gathered, and the gradients of both reduced. */
    @Test
    void openClipSendsTwoBlocksForTheSigmoidAndFourForTheSoftmax() {
        assertThat(LossSpec.of(LossForm.plain(Loss.SIGMOID)).openClipBlocks()).isEqualTo(2);
        assertThat(LossSpec.of(LossForm.plain(Loss.SOFTMAX)).openClipBlocks()).isEqualTo(4);
    }

    @Test
    void scalarsStartWhereTheArmSaysWithinTheirRangeAndAnOpenBiasByTheBatch() {
        LossSettings.Arm set =
                TestArms.of("a", Loss.SIGMOID, Map.of(LossScalar.LOG_SCALE, 10.0, LossScalar.BIAS, -7.0));
        LossSettings.Arm open = TestArms.of("b", Loss.SIGMOID, Map.of(LossScalar.LOG_SCALE, 300.0));

        assertThat(LossSpec.initial(set, 256)).isEqualTo(LossScalars.of(Loss.SIGMOID, Math.log(10), -7));
        assertThat(LossSpec.initial(open, 256)).isEqualTo(LossScalars.of(Loss.SIGMOID, Math.log(MOST), -Math.log(255)));
        assertThat(LossSpec.shownStarts(open, 256))
                .containsExactly(Map.entry("scale", 300.0), Map.entry("bias", -Math.log(255)));
        LossSettings.Arm relative = TestArms.of("r", Loss.SIGMOID_RELATIVE, Map.of(LossScalar.LOG_SCALE, 10.0));
        assertThat(LossSpec.shownStarts(relative, 256))
                .containsExactly(Map.entry("scale", 10.0), Map.entry("relative-bias", Math.log(255) / 10));
        assertThatThrownBy(() -> LossSpec.starts(TestArms.of("c", Loss.SOFTMAX, Map.of()), 256))
                .hasMessage("Cannot start the softmax loss without an initial scale");
    }
}
