package siglip.job.pictures;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class SquareTest {
    private static final long SEED = Long.getLong("test.seed", 1);

    @Test
    void itAddsInTheOrderOfThePlainFormula() {
        SplittableRandom random = new SplittableRandom(SEED);
        for (int i = 0; i < 400; i++) {
            int px = 1 + random.nextInt(32);
            boolean divides = random.nextBoolean();
            int width = divides ? px * (1 + random.nextInt(6)) : 1 + random.nextInt(150);
            int height = divides ? px * (1 + random.nextInt(6)) : 1 + random.nextInt(150);
            int[] rgb = random.ints((long) width * height, 0, 1 << 24).toArray();

            assertThat(Square.of(rgb, width, height, px))
                    .as("%d x %d to %d, test.seed %d", width, height, px, SEED)
                    .isEqualTo(plain(rgb, width, height, px));
        }
    }

    /** Pixel by pixel, weighted with the part of it that lies inside. */
    private static int[] plain(int[] rgb, int width, int height, int px) {
        int[] out = new int[px * px];
        for (int i = 0; i < out.length; i++) {
            int column = i % px;
            int row = i / px;
            double left = (double) column * width / px;
            double right = (double) (column + 1) * width / px;
            double top = (double) row * height / px;
            double bottom = (double) (row + 1) * height / px;
            double[] sums = new double[4];
            for (int y = (int) top; y < Math.min(height, Math.ceil(bottom)); y++) {
                double share = Math.min(bottom, y + 1) - Math.max(top, y);
                for (int x = (int) left; x < Math.min(width, Math.ceil(right)); x++) {
                    double weight = share * (Math.min(right, x + 1) - Math.max(left, x));
                    int pixel = rgb[y * width + x];
                    sums[0] += weight * (pixel >> 16 & 255);
                    sums[1] += weight * (pixel >> 8 & 255);
                    sums[2] += weight * (pixel & 255);
                    sums[3] += weight;
                }
            }
            out[i] = (int) Math.round(sums[0] / sums[3]) << 16
                    | (int) Math.round(sums[1] / sums[3]) << 8
                    | (int) Math.round(sums[2] / sums[3]);
        }
        return out;
    }
}
