package siglip.job.features;

/**
 * Gradient orientations and colours of a picture that is brought to 32 x 32 pixels: 976 floats, each from 0 to 1.
 *
 * <pre>{@code
 * 784  orientation  7 x 7 blocks of 8 x 8 px that overlap by half, 16 signed orientations each:
 *                   square root of the histogram divided by (its sum + 0.1)
 * 192  colour       mean R, G, B of 8 x 8 cells of 4 x 4 px
 * }</pre>
 *
 * The gradient of a pixel is that of the channel with the steepest edge (R before G before B on a tie), by central differences that stop at
 * the border, and is shared between the two nearest orientations. After Dalal and Triggs 2005.
 */
public record GradientsAndColours() implements PictureFeatures {
    static final String NAME = "gradients-and-colours";

    /** Pixels of a side. */
    static final int PX = 32;

    private static final int CELL = 4;
    private static final int GRID = PX / CELL;
    private static final int BINS = 16;
    private static final int BLOCKS = GRID - 1;
    private static final int ORIENTATIONS = BLOCKS * BLOCKS * BINS;

    private static final int WIDTH = ORIENTATIONS + GRID * GRID * 3;

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int width() {
        return WIDTH;
    }

    @Override
    public FeatureMoments moments() {
        return new UnitMoments(WIDTH);
    }

    @Override
    public int px() {
        return PX;
    }

    @Override
    public float[] of(int[] rgb) {
        float[][][] cells = new float[GRID][GRID][BINS];
        float[] out = new float[WIDTH];
        for (int y = 0; y < PX; y++) {
            for (int x = 0; x < PX; x++) {
                addGradient(rgb, x, y, cells[y / CELL][x / CELL]);
                addColour(rgb[y * PX + x], out, ORIENTATIONS + (y / CELL * GRID + x / CELL) * 3);
            }
        }
        int at = 0;
        for (int y = 0; y < BLOCKS; y++) {
            for (int x = 0; x < BLOCKS; x++, at += BINS) {
                block(cells, x, y, out, at);
            }
        }
        return out;
    }

    private static void addGradient(int[] rgb, int x, int y, float[] cell) {
        int left = rgb[y * PX + Math.max(x - 1, 0)];
        int right = rgb[y * PX + Math.min(x + 1, PX - 1)];
        int up = rgb[Math.max(y - 1, 0) * PX + x];
        int down = rgb[Math.min(y + 1, PX - 1) * PX + x];
        float gx = 0;
        float gy = 0;
        float steepest = -1;
        for (int shift = 16; shift >= 0; shift -= 8) {
            float dx = ((right >> shift & 255) - (left >> shift & 255)) / 255f;
            float dy = ((down >> shift & 255) - (up >> shift & 255)) / 255f;
            if (dx * dx + dy * dy > steepest) {
                steepest = dx * dx + dy * dy;
                gx = dx;
                gy = dy;
            }
        }
        if (steepest > 0) {
            double turn = StrictMath.atan2(gy, gx) / (2 * Math.PI);
            double position = (turn - Math.floor(turn)) * BINS; // 0 to 16
            int bin = (int) position;
            float share = (float) (position - bin);
            float magnitude = (float) Math.sqrt(steepest);
            cell[bin % BINS] += magnitude * (1 - share);
            cell[(bin + 1) % BINS] += magnitude * share;
        }
    }

    private static void addColour(int pixel, float[] out, int at) {
        for (int channel = 0; channel < 3; channel++) {
            out[at + channel] += (pixel >> (16 - 8 * channel) & 255) / (255f * CELL * CELL);
        }
    }

    private static void block(float[][][] cells, int x, int y, float[] out, int at) {
        float sum = 0.1f; // so that blank blocks stay 0 and faint ones small
        for (int bin = 0; bin < BINS; bin++) {
            float value = cells[y][x][bin] + cells[y][x + 1][bin] + cells[y + 1][x][bin] + cells[y + 1][x + 1][bin];
            out[at + bin] = value;
            sum += value;
        }
        for (int bin = 0; bin < BINS; bin++) {
            out[at + bin] = (float) Math.sqrt(out[at + bin] / sum);
        }
    }
}
