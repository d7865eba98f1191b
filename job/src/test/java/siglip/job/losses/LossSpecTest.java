package siglip.job.losses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.job.config.LossSettings;
import siglip.job.config.TestArms;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;

class LossSpecTest {
    private static final double MOST = 200;

    @ParameterizedTest
    @EnumSource
    void everyLossIsDescribedUnderItsOwnName(Loss loss) {
        assertThat(LossSpec.of(LossForm.plain(loss)).form().loss()).isEqualTo(loss);
    }

    @Test
    void noTwoPartsOfTheirWorkHaveOneName() {
        assertThat(Arrays.stream(Loss.values())
                        .flatMap(loss -> LossSpec.of(LossForm.plain(loss)).work().stream())
                        .map(LossWork::name))
                .containsExactly(
                        "sigmoid_logit", "softmax_logit_first_pass", "softmax_logit_second_pass", "merged_column");
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

        assertThat(LossSpec.initial(set, 256, MOST)).isEqualTo(LossScalars.of(Loss.SIGMOID, Math.log(10), -7));
        assertThat(LossSpec.initial(open, 256, MOST))
                .isEqualTo(LossScalars.of(Loss.SIGMOID, Math.log(MOST), -Math.log(255)));
        assertThat(LossSpec.shownStarts(open, 256))
                .containsExactly(Map.entry("scale", 300.0), Map.entry("bias", -Math.log(255)));
        assertThatThrownBy(() -> LossSpec.starts(TestArms.of("c", Loss.SOFTMAX, Map.of()), 256))
                .hasMessage("Cannot start the softmax loss without an initial scale");
    }
}
