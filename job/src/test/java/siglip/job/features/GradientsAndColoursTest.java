package siglip.job.features;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class GradientsAndColoursTest {
    private static final int PX = GradientsAndColours.PX;

    @Test
    void aWhiteImageHasNoGradientsAndFullColours() {
        int[] white = new int[PX * PX];
        Arrays.fill(white, 0xffffff);

        float[] features = new GradientsAndColours().of(white);

        assertThat(features).hasSize(976);
        assertThat(Arrays.copyOf(features, 784)).containsOnly(0f);
        for (int i = 784; i < 976; i++) {
            assertThat(features[i]).as("colour %d", i).isCloseTo(1f, within(16 * Math.ulp(1f))); // 16 additions
        }
    }

    @Test
    void anEdgeFromBlackToWhiteFillsTheFirstOrientationOfTheBlocksItRunsThrough() {
        int[] halves = new int[PX * PX];
        for (int i = 0; i < halves.length; i++) {
            halves[i] = i % PX < PX / 2 ? 0 : 0xffffff;
        }

        float[] features = new GradientsAndColours().of(halves);

        for (int i = 0; i < 784; i++) {
            int column = i / 16 % 7;
            double sum = column == 3 ? 16 : column == 2 || column == 4 ? 8 : 0;
            double expected = i % 16 == 0 ? Math.sqrt(sum / (sum + 0.1)) : 0;
            assertThat((double) features[i]).as("feature %d", i).isCloseTo(expected, within(1e-6));
        }
    }

    @Test
    void turningAnEdgeTurnsTheOrientation() {
        int[] upsideDown = new int[PX * PX];
        for (int i = 0; i < upsideDown.length; i++) {
            upsideDown[i] = i / PX < PX / 2 ? 0xffffff : 0; // white over black: the gradient points up, a turn of 3/4
        }

        float[] features = new GradientsAndColours().of(upsideDown);

        assertThat(features[3 * 7 * 16 + 12]).isGreaterThan(0.9f);
        assertThat(features[3 * 7 * 16]).isZero();
    }

    @Test
    void coloursAreMeansOfCellsInRedGreenBlue() {
        int[] image = new int[PX * PX];
        for (int y = 4; y < 8; y++) {
            Arrays.fill(image, y * PX + 8, y * PX + 10, 0xff3366); // half of the cell in row 1, column 2
        }

        float[] features = new GradientsAndColours().of(image);

        int cell = 784 + (8 + 2) * 3;
        assertThat(features[cell]).isCloseTo(0.5f, within(1e-6f));
        assertThat(features[cell + 1]).isCloseTo(0.1f, within(1e-6f));
        assertThat(features[cell + 2]).isCloseTo(0.2f, within(1e-6f));
    }
}
