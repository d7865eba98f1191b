package siglip.job.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import siglip.job.config.LossSettings;
import siglip.job.config.TrainingSettings;
import siglip.job.ring.Piece;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ParameterLayout;
import siglip.job.towers.Parameters;
import siglip.job.training.ArmAuthority;
import siglip.job.training.ArmState;
import siglip.job.training.RankScalars;
import siglip.job.training.StepRecord;
import siglip.kernels.LossSums;

/** The optimizer against torch's own AdamW and SparseAdam; what the authority does around it. */
class AdamWTest {
    private static final Pattern SPACE = Pattern.compile(" ");
    private static final double U = 0x1p-24;
    private static final int STEPS = 6;
    private static final int WEIGHTS = 5;
    private static final int BIASES = 3;
    private static final int ROWS = 7;
    private static final int WIDTH = 4;

    private final Map<String, double[]> golden = new HashMap<>();
    private double[] settings;

    @BeforeEach
    void read() throws IOException {
        byte[] file = AdamWTest.class.getResourceAsStream("/golden/adamw.txt").readAllBytes();
        for (String line : new String(file, StandardCharsets.UTF_8).lines().toList()) {
            String[] words = SPACE.split(line, -1);
            if (!line.startsWith("#")) {
                golden.put(
                        words[0],
                        Arrays.stream(words)
                                .skip(1)
                                .mapToDouble(Double::parseDouble)
                                .toArray());
            }
        }
        settings = golden.get("settings");
    }

    private static TrainingSettings settings(double[] of, OptionalDouble clipNorm, int batchSize) {
        return new TrainingSettings(
                batchSize, OptionalInt.empty(), 100, 0.01, 0, 0, of[0], of[1], of[2], of[3], of[4], clipNorm, 1);
    }

    private static boolean[] decayed() {
        boolean[] decayed = new boolean[WEIGHTS + BIASES];
        Arrays.fill(decayed, 0, WEIGHTS, true);
        return decayed;
    }

    private static ArmState arm(double[] dense, double[] table, double logScale, double bias) {
        Parameters start = Parameters.allocate(new ParameterLayout(WEIGHTS, BIASES, ROWS, WIDTH));
        start.dense().write(0, floats(dense), 0, dense.length);
        start.table().write(0, floats(table), 0, table.length);
        LossSettings.Arm arm =
                new LossSettings.Arm("arm", LossSettings.Kind.SIGMOID, Math.exp(logScale), OptionalDouble.of(bias));
        return new ArmState(0, arm, start, bias, 1e6);
    }

    private static float[] floats(double[] values) {
        float[] floats = new float[values.length];
        for (int i = 0; i < values.length; i++) {
            floats[i] = (float) values[i];
        }
        return floats;
    }

    private static double[] join(double[] a, double[] b) {
        double[] both = Arrays.copyOf(a, a.length + b.length);
        System.arraycopy(b, 0, both, a.length, b.length);
        return both;
    }

    private Gradient gradient(int step) {
        Gradient gradient = new Gradient(PieceLayout.of(WEIGHTS + BIASES, ROWS, WIDTH, 1));
        float[] dense = floats(join(golden.get("weights_gradient." + step), golden.get("biases_gradient." + step)));
        System.arraycopy(dense, 0, gradient.dense, 0, dense.length);
        gradient.ids = Arrays.stream(golden.get("touched." + step))
                .mapToInt(id -> (int) id)
                .toArray();
        gradient.rows = gradient.ids.length;
        gradient.values = floats(golden.get("touched_gradient." + step));
        gradient.logScale = golden.get("scalars_gradient." + step)[0];
        gradient.bias = golden.get("scalars_gradient." + step)[1];
        return gradient;
    }

    @Test
    void movesParametersAsTorchDoes() {
        follow(decayed());
    }

    @Test
    void theToleranceCatchesWeightDecayOnBiases() {
        boolean[] all = new boolean[WEIGHTS + BIASES];
        Arrays.fill(all, true);
        assertThatThrownBy(() -> follow(all)).isInstanceOf(AssertionError.class).hasMessageContaining("biases");
    }

    private void follow(boolean[] decayed) {
        ArmState arm = arm(
                join(golden.get("weights.0"), golden.get("biases.0")),
                golden.get("table.0"),
                golden.get("scalars.0")[0],
                golden.get("scalars.0")[1]);
        AdamW optimizer = new AdamW(settings(settings, OptionalDouble.empty(), 1), decayed, ROWS, WIDTH);
        double moved = 0;
        for (int step = 0; step < STEPS; step++) {
            double rate = golden.get("rates")[step];
            moved += rate * moveRoundings(step + 1);
            Gradient gradient = gradient(step);
            optimizer.begin(arm, gradient, rate);
            FloatBuffer copy = FloatBuffer.allocate(WEIGHTS + BIASES);
            optimizer.moveDense(arm, gradient, 4, WEIGHTS + BIASES, copy); // in two pieces, the first of them later
            optimizer.moveDense(arm, gradient, 0, 4, copy);
            optimizer.moveTable(arm, gradient);
            int done = step + 1;
            double[] dense = join(golden.get("weights." + done), golden.get("biases." + done));
            for (int i = 0; i < dense.length; i++) {
                close((i < WEIGHTS ? "weights " : "biases ") + i, arm.dense()[i], dense[i], done, moved);
            }
            double[] table = golden.get("table." + done);
            for (int i = 0; i < table.length; i++) {
                close("table " + i, arm.table()[i], table[i], done, moved);
            }
            double scalarTolerance = 1e-14 * 100; // all in double
            assertThat(arm.logits().logScale()).isCloseTo(golden.get("scalars." + done)[0], within(scalarTolerance));
            assertThat(arm.logits().bias()).isCloseTo(golden.get("scalars." + done)[1], within(scalarTolerance));
        }
    }

    /**
     * By how many units U of the rate step k may be off. Its length is {@code |m| / sqrt(v)} corrected for the start; m is off by
     * {@code (2 k + 4) U} of {@code M}, which is m of absolute gradients, v and what follows by {@code (2 k + 10) U} relative. By
     * Cauchy and Schwarz, with {@code q = beta1^2 / beta2}, {@code M <= (1 - beta1) / sqrt((1 - beta2) (1 - q)) sqrt(v)}.
     */
    private double moveRoundings(int k) {
        double q = settings[0] * settings[0] / settings[1];
        double most = (1 - settings[0]) / Math.sqrt((1 - settings[1]) * (1 - q));
        double corrected = most * Math.sqrt(1 - Math.pow(settings[1], k)) / (1 - Math.pow(settings[0], k));
        return corrected * (4 * k + 14);
    }

    /** A parameter is itself rounded three times a step: the factor of its decay, the product, the difference. */
    private static void close(String what, double actual, double expected, int steps, double moved) {
        double largest = Math.abs(expected) + 0.2; // it moves by less than 0.2 in all
        assertThat(actual)
                .as("%s after %d steps", what, steps)
                .isCloseTo(expected, within(U * (3 * steps * largest + moved)));
    }

    @Test
    void rowsOfTheTableThatNoBatchTouchesStayAsTheyAre() {
        assertThat(Arrays.copyOfRange(golden.get("table." + STEPS), 4 * WIDTH, 6 * WIDTH))
                .isEqualTo(Arrays.copyOfRange(golden.get("table.0"), 4 * WIDTH, 6 * WIDTH));
    }

    /** A gradient of norm 2 clipped to 1/2 is one of a quarter; t' and b have gradients that would be clipped away. */
    @Test
    void clippingScalesTowersAndTableTogetherAndLeavesScaleAndBiasAlone() {
        double[] visible = {0.9, 0.95, 1.0, 0.1, 10}; // so large an epsilon that the size of a gradient shows
        ArmState clipped = arm(new double[WEIGHTS + BIASES], new double[ROWS * WIDTH], 1, -3);
        ArmState quarter = arm(new double[WEIGHTS + BIASES], new double[ROWS * WIDTH], 1, -3);

        StepRecord record = apply(clipped, settings(visible, OptionalDouble.of(0.5), 2), 1);
        StepRecord other = apply(quarter, settings(visible, OptionalDouble.empty(), 2), 0.25f);

        assertThat(record.clipped()).isTrue();
        assertThat(other.clipped()).isFalse();
        assertThat(record.gradientNorm()).isCloseTo(Math.sqrt(4 + 30 * 30 + 7 * 7), within(1e-12));
        assertThat(clipped.dense()).isEqualTo(quarter.dense()).isNotEqualTo(new float[WEIGHTS + BIASES]);
        assertThat(clipped.table()).isEqualTo(quarter.table()).isNotEqualTo(new float[ROWS * WIDTH]);
        assertThat(clipped.logits()).isEqualTo(quarter.logits());
        assertThat(clipped.logits().bias()).isNotEqualTo(-3);
    }

    /** Two pairs; the mean gradient has four entries of {@code size}: two in the towers, two in the table. */
    private static StepRecord apply(ArmState arm, TrainingSettings settings, float size) {
        PieceLayout layout = PieceLayout.of(WEIGHTS + BIASES, ROWS, WIDTH, 1);
        Piece piece = new Piece(WEIGHTS + BIASES, ROWS, WIDTH);
        LossSums sums = new LossSums();
        sums.logScaleGradient = 2 * 30;
        sums.biasGradient = 2 * -7;
        double[] scalars = new RankScalars(sums, 0).toArray();
        for (int i = 0; i < scalars.length; i++) {
            piece.scalar(i, scalars[i]);
        }
        piece.dense().put(1, 2 * size).put(6, -2 * size);
        piece.rows(2);
        piece.ids().put(0, 1).put(1, 5);
        piece.values().put(2, -2 * size).put(WIDTH, 2 * size);
        ArmAuthority authority = new ArmAuthority(arm, decayed(), settings, layout);
        StepRecord record = authority.take(new Piece[] {piece}, 0, 1);
        authority.complete(record, new Piece[] {piece}, rank -> {});
        for (int i = 0; i < WEIGHTS + BIASES; i++) {
            assertThat(piece.dense().get(i)).isEqualTo(arm.dense()[i]);
        }
        assertThat(piece.ids().get(1)).isEqualTo(5);
        assertThat(piece.values().get(WIDTH)).isEqualTo(arm.table()[5 * WIDTH]);
        return record;
    }

    @Test
    void scaleStaysInItsRangeAndASoftmaxHasNoBias() {
        Parameters start = Parameters.allocate(new ParameterLayout(1, 1, 0, 0));
        for (LossSettings.Kind kind : LossSettings.Kind.values()) {
            LossSettings.Arm named = new LossSettings.Arm("arm", kind, 500, OptionalDouble.empty());
            ArmState arm = new ArmState(0, named, start, 0, 100);
            assertThat(arm.logits().scale()).isCloseTo(100, within(1e-12));
            arm.moveScalars(1, -2);
            assertThat(arm.logits().scale()).isCloseTo(100, within(1e-12));
            arm.moveScalars(-50, 0);
            assertThat(arm.logits().scale()).isEqualTo(1);
            assertThat(arm.logits().bias()).isEqualTo(kind == LossSettings.Kind.SIGMOID ? -2 : 0);
        }
    }
}
