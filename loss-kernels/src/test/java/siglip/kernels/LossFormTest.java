package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Names that settings and reports have for options, and what a loss may be told. */
class LossFormTest {
    @Test
    void optionsKeepNamesAndPlainValues() {
        assertThat(LossOption.values())
                .extracting(LossOption::id)
                .containsExactly(
                        "positive-weight",
                        "softmax-share",
                        "label-smoothing",
                        "random-negatives",
                        "hardest-negatives",
                        "easiest-negatives",
                        "vrns-weight",
                        "centred");
        assertThat(LossOption.values())
                .extracting(LossOption::plain)
                .containsExactly(1.0, 0.5, 0.0, 1.0, 1.0, 1.0, 0.0, 0.0);
        assertThat(LossOption.values()).allMatch(option -> option.least() <= option.plain());
        assertThat(LossOption.values()).allMatch(option -> option.plain() <= option.most());
    }

    @Test
    void anOptionAtItsPlainValueIsNone() {
        LossForm form = new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, 1.0));

        assertThat(form).isEqualTo(LossForm.plain(Loss.SIGMOID));
        assertThat(form.get(LossOption.POSITIVE_WEIGHT)).isEqualTo(1);
        assertThat(form.named()).isEmpty();
        assertThat(form.title()).isEqualTo("sigmoid loss");
    }

    @Test
    void anOptionIsToldByItsName() {
        LossForm form = new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, 2.0));

        assertThat(form.get(LossOption.POSITIVE_WEIGHT)).isEqualTo(2);
        assertThat(form.named()).containsExactly(Map.entry("positive-weight", 2.0));
        assertThat(form.id()).isEqualTo("sigmoid, positive-weight 2");
        assertThat(form.title()).isEqualTo("sigmoid loss, positive-weight 2");
        assertThat(new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, 0.25)).title())
                .isEqualTo("sigmoid loss, positive-weight 0.25");
    }

    @Test
    void aFlagHasNoNumber() {
        LossForm form = new LossForm(Loss.SOFTMAX, Map.of(LossOption.CENTRED, 1.0));

        assertThat(form.named()).containsExactly(Map.entry("centred", true));
        assertThat(form.id()).isEqualTo("softmax, centred");
        assertThat(form.without(LossOption.CENTRED)).isEqualTo(LossForm.plain(Loss.SOFTMAX));
    }

    @Test
    void optionsThatALossDoesNotHaveAndValuesThatAnOptionDoesNotTakeAreRefused() {
        assertThatThrownBy(() -> new LossForm(Loss.SOFTMAX, Map.of(LossOption.POSITIVE_WEIGHT, 2.0)))
                .hasMessage("Cannot use positive-weight with the softmax loss, which has none");
        for (double wrong : new double[] {0, -1, 1e10, Double.NaN}) {
            assertThatThrownBy(() -> new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, wrong)))
                    .hasMessageStartingWith("Cannot use a positive-weight of " + wrong);
        }
    }

    @Test
    void negativesAreChosenInOneWayAtMost() {
        assertThatThrownBy(() -> new LossForm(
                        Loss.SIGMOID, Map.of(LossOption.RANDOM_NEGATIVES, 0.5, LossOption.HARDEST_NEGATIVES, 0.5)))
                .hasMessage(
                        "Cannot choose negatives in two ways: of [random-negatives, hardest-negatives, easiest-negatives], one may be below 1");
        LossForm form =
                new LossForm(Loss.SIGMOID, Map.of(LossOption.RANDOM_NEGATIVES, 0.5, LossOption.HARDEST_NEGATIVES, 1.0));
        assertThat(form.keptNegatives()).isEqualTo(0.5);
        assertThat(form.needsHistogram()).isFalse();
    }

    @Test
    void aBlockTakesScalarsOfItsOwnLossAlone() {
        assertThatThrownBy(() -> new PairBlock(
                        Blocks.unitRows(1, 2, new Random(1)),
                        Blocks.unitRows(1, 2, new Random(2)),
                        PairLabels.diagonal(1),
                        LossForm.plain(Loss.SIGMOID),
                        LossScalars.of(Loss.SOFTMAX, 0)))
                .hasMessage("Cannot compute the sigmoid loss with scalars of the softmax loss");
    }
}
