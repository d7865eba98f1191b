package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Names that settings, models and checkpoints are read by. */
class LossTest {
    @Test
    void lossesAndTheirScalarsKeepNamesAndOrder() {
        assertThat(Loss.values())
                .extracting(Loss::id)
                .containsExactly(
                        "sigmoid", "sigmoid-relative", "softmax", "sigmoid-solved", "hybrid", "sigmoid-adaptive");
        assertThat(Loss.SIGMOID.scalars()).extracting(LossScalar::id).containsExactly("log_scale", "bias");
        assertThat(Loss.SIGMOID_RELATIVE.scalars())
                .extracting(LossScalar::id)
                .containsExactly("log_scale", "relative_bias");
        assertThat(Loss.SOFTMAX.scalars()).extracting(LossScalar::id).containsExactly("log_scale");
        assertThat(Loss.SIGMOID_SOLVED.scalars()).extracting(LossScalar::id).containsExactly("log_scale", "bias");
        for (Loss loss : Loss.values()) {
            assertThat(loss.solves(LossScalar.BIAS)).isEqualTo(loss == Loss.SIGMOID_SOLVED);
        }
        assertThat(LossScalar.values())
                .extracting(LossScalar::shownName)
                .containsExactly("scale", "bias", "relative-bias");
        for (Loss loss : Loss.values()) {
            assertThat(Loss.of(loss.id())).isEqualTo(loss);
        }
        assertThatThrownBy(() -> Loss.of("hinge"))
                .hasMessageContaining("'hinge'")
                .hasMessageContaining("[sigmoid, ");
    }

    @Test
    void scalarsComeBackByTheirNames() {
        LossScalars scalars = LossScalars.of(Loss.SIGMOID, Math.log(10), -3);

        assertThat(scalars.named()).containsExactly(Map.entry("log_scale", Math.log(10)), Map.entry("bias", -3.0));
        assertThat(scalars.shown().keySet()).containsExactly("scale", "bias");
        assertThat(scalars.shown().get("scale")).isEqualTo(Math.exp(Math.log(10)));
        assertThat(LossScalars.of(Loss.SIGMOID, Map.of("bias", -3.0, "log_scale", Math.log(10))))
                .isEqualTo(scalars);
        assertThat(scalars.logits()).isEqualTo(new LogitParams(Math.log(10), -3));
        assertThat(LossScalars.of(Loss.SIGMOID_RELATIVE, Math.log(8), 0.5).logits())
                .isEqualTo(new LogitParams(Math.log(8), -Math.exp(Math.log(8)) * 0.5));
        assertThat(LossScalars.of(Loss.SOFTMAX, 1).logits()).isEqualTo(new LogitParams(1, 0));
    }

    @Test
    void scalarsOfAnotherLossAndSuchAsAreNoNumbersAreRefused() {
        assertThatThrownBy(() -> LossScalars.of(Loss.SOFTMAX, 1, 2)).hasMessageContaining("of the softmax loss");
        assertThatThrownBy(() -> LossScalars.of(Loss.SIGMOID, Map.of("log_scale", 1.0, "margin", 2.0)))
                .hasMessageContaining("[log_scale, bias]");
        assertThatThrownBy(() -> LossScalars.of(Loss.SIGMOID, 1, Double.NaN)).hasMessageContaining("diverged");
    }

    @Test
    void aScaleIsLearnedAsItsLogarithmBetweenOneAndTheLargestAndABiasAsItIs() {
        assertThat(LossScalar.LOG_SCALE.learned(7)).isEqualTo(Math.log(7));
        assertThat(LossScalar.LOG_SCALE.shown(0.5)).isEqualTo(Math.exp(0.5));
        assertThat(List.of(LossScalar.LOG_SCALE.least(), LossScalar.LOG_SCALE.most(200)))
                .containsExactly(0.0, Math.log(200));
        assertThat(LossScalar.LOG_SCALE.limit()).contains("max-scale");
        assertThat(LossScalar.BIAS.limit()).isEmpty();
        assertThat(LossScalar.BIAS.learned(7)).isEqualTo(7);
        assertThat(LossScalar.BIAS.shown(0.5)).isEqualTo(0.5);
        assertThat(List.of(LossScalar.BIAS.least(), LossScalar.BIAS.most(200)))
                .containsExactly(Double.NEGATIVE_INFINITY, Double.POSITIVE_INFINITY);
    }
}
