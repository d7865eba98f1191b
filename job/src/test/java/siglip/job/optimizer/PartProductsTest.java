package siglip.job.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ParameterLayout;

class PartProductsTest {
    private static final int IMAGE = 40_000; // more than a chunk, and no multiple of one
    private static final int TEXT = 7;
    private static final int ROWS = 10;
    private static final int WIDTH = 3;

    private final PartProducts products = new PartProducts(new ParameterLayout(IMAGE, TEXT, ROWS, WIDTH));
    private final SplittableRandom random = new SplittableRandom(1);

    private Gradient gradient(int... rows) {
        Gradient gradient = new Gradient(PieceLayout.of(IMAGE + TEXT, ROWS, WIDTH, 1), 0);
        fill(gradient.dense);
        gradient.ids = Arrays.copyOf(rows, rows.length + 2); // room that does not count
        gradient.rows = rows.length;
        gradient.values = new float[(rows.length + 2) * WIDTH];
        fill(gradient.values);
        return gradient;
    }

    private void fill(float[] values) {
        for (int i = 0; i < values.length; i++) {
            values[i] = (float) random.nextGaussian();
        }
    }

    private static double[] whole(Gradient gradient) {
        double[] whole = new double[IMAGE + TEXT + ROWS * WIDTH];
        for (int i = 0; i < IMAGE + TEXT; i++) {
            whole[i] = gradient.dense[i];
        }
        for (int row = 0; row < gradient.rows; row++) {
            for (int i = 0; i < WIDTH; i++) {
                whole[IMAGE + TEXT + gradient.ids[row] * WIDTH + i] = gradient.values[row * WIDTH + i];
            }
        }
        return whole;
    }

    private static double[] parts(double[] a, double[] b) {
        double[] parts = new double[3];
        for (int i = 0; i < a.length; i++) {
            parts[i < IMAGE ? 0 : i < IMAGE + TEXT ? 1 : 2] += a[i] * b[i];
        }
        return parts;
    }

    @Test
    void gradientsAreMultipliedAsTheVectorsThatTheyStandForPartByPart() {
        Gradient one = gradient(1, 4, 5, 9);
        Gradient other = gradient(0, 4, 8, 9);

        assertThat(products.of(one, other)).containsExactly(parts(whole(one), whole(other)), within(1e-9));
        assertThat(products.of(one, one)[2]).isPositive();
    }

    @Test
    void aSumOfGradientsIsTheirSumPartByPart() {
        Gradient one = gradient(1, 4);
        Gradient other = gradient(4, 7);
        Slot sum = products.zeros();
        products.add(one, new double[] {1, 2, 3}, sum);
        products.add(other, new double[] {1, 1, 1}, sum);

        double[] a = whole(one);
        double[] b = whole(other);
        double[] expected = new double[a.length];
        Arrays.setAll(expected, i -> a[i] * (i < IMAGE ? 1 : i < IMAGE + TEXT ? 2 : 3) + b[i]);

        double rounding = 1e-6 * IMAGE;
        assertThat(products.of(one, sum)).containsExactly(parts(a, expected), within(rounding));
        assertThat(products.squares(sum)).containsExactly(parts(expected, expected), within(rounding));
    }

    @Test
    void parametersAreMovedAlongAVectorAndTheScalarsOfTheLossStay() {
        Slot from = new Slot("p", new float[] {1, 2}, new float[] {3}, new double[] {4});
        Slot along = new Slot("d", new float[] {1, -1}, new float[] {10}, new double[0]);

        Slot moved = products.moved(from, along, 0.5);

        assertThat(moved.dense()).containsExactly(1.5f, 1.5f);
        assertThat(moved.table()).containsExactly(8f);
        assertThat(moved.scalars()).containsExactly(4);
        assertThat(from.dense()).containsExactly(1, 2);
    }
}
