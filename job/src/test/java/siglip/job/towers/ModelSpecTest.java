package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import siglip.job.config.SettingsException;
import siglip.job.config.TowerSettings;
import siglip.job.features.PairShape;

class ModelSpecTest {
    /** The towers of the default settings. */
    private final ModelSpec spec = ModelSpec.of(
            new TowerSettings(
                    128,
                    new TowerSettings.Tower(List.of(512), "relu", 0.2, Optional.empty()),
                    new TowerSettings.Tower(List.of(256), "relu", 0, Optional.empty()),
                    new TowerSettings.Table(16384, 128, 0.05)),
            new PairShape(976, 0));

    @Test
    void countsWeightsAndBiasesOfBothTowers() {
        int image = 976 * 512 + 512 + 512 * 128 + 128;
        int text = 128 * 256 + 256 + 256 * 128 + 128;

        assertThat(spec.layout()).isEqualTo(new ParameterLayout(image, text, 16384, 128));
        assertThat(spec.layout().dense()).isEqualTo(image + text);
    }

    @Test
    void withoutTokensThereIsNoTable() {
        ModelSpec features = ModelSpec.of(Cases.settings(List.of(3), "relu", 0), new PairShape(4, 6));

        assertThat(features.layout().tableRows()).isZero();
        assertThat(features.initial(1).table().size()).isZero();
    }

    /** The deviation of n draws is off by about 1/sqrt(2n) relative, for uniform ones less: ten times that is allowed. */
    @Test
    void startsAsPyTorchWould() {
        Parameters parameters = spec.initial(Cases.SEED);
        float[] image = parameters.of(Modality.IMAGE).toArray();
        float[] table = parameters.table().toArray();
        double bound = 1 / Math.sqrt(976);

        double squares = 0;
        for (int i = 0; i < 976 * 512 + 512; i++) {
            assertThat(Math.abs(image[i])).isLessThanOrEqualTo((float) bound);
            squares += image[i] * image[i];
        }
        double count = 976 * 512 + 512;
        assertThat(Math.sqrt(squares / count))
                .isCloseTo(bound / Math.sqrt(3), within(10 * bound / Math.sqrt(2 * count)));

        double rows = 0;
        for (float x : table) {
            rows += x * x;
        }
        assertThat(Math.sqrt(rows / table.length)).isCloseTo(0.05, within(0.5 / Math.sqrt(2.0 * table.length)));
    }

    @Test
    void theSeedDecidesTheStart() {
        assertThat(spec.initial(5).dense().toArray())
                .isEqualTo(spec.initial(5).dense().toArray());
        assertThat(spec.initial(5).table().toArray())
                .isEqualTo(spec.initial(5).table().toArray());
        assertThat(spec.initial(5).dense().get(0, 0))
                .isNotEqualTo(spec.initial(6).dense().get(0, 0));
        assertThat(spec.initial(5).table().get(0, 0))
                .isNotEqualTo(spec.initial(6).table().get(0, 0));
    }

    @Test
    void weightsDecayAndBiasesDoNot() {
        boolean[] decayed = spec.decayed();

        assertThat(decayed).hasSize(spec.layout().dense());
        assertThat(decayed[0]).isTrue();
        assertThat(decayed[976 * 512 - 1]).isTrue();
        assertThat(decayed[976 * 512]).isFalse();
        assertThat(decayed[976 * 512 + 511]).isFalse();
        assertThat(decayed[976 * 512 + 512]).isTrue();
        assertThat(decayed[decayed.length - 1]).isFalse();
    }

    @Test
    void travels() throws Exception {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        new ObjectOutputStream(bytes).writeObject(spec);
        ModelSpec there = (ModelSpec) new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray())).readObject();

        assertThat(there.layout()).isEqualTo(spec.layout());
        assertThat(there.image()).isEqualTo(spec.image());
        assertThat(there.initial(3).dense().toArray())
                .isEqualTo(spec.initial(3).dense().toArray());
    }

    @Test
    void anUnknownActivationIsRefused() {
        assertThatThrownBy(() -> ModelSpec.of(Cases.settings(List.of(3), "reluu", 0), new PairShape(4, 6)))
                .hasMessageContaining("activation 'reluu'");
    }

    @Test
    void towersOfMoreParametersThanIntsCountAreRefusedWithTheirSettings() {
        PairShape pair = new PairShape(60_000, 60_000);

        assertThatThrownBy(() -> ModelSpec.of(Cases.settings(List.of(60_000, 60_000), "relu", 0), pair))
                .isInstanceOf(SettingsException.class)
                .hasMessageContainingAll("Cannot build the image tower", "towers.image.hidden = [60000, 60000]");
        assertThatThrownBy(() -> ModelSpec.of(Cases.settings(List.of(6_000), "relu", 0), pair))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("Cannot build the towers: they have 720");
    }
}
