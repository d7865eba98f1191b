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
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import siglip.job.config.OptimizerSettings;
import siglip.job.config.TowerTraining;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ParameterLayout;

/** The optimizer against torch's own AdamW and SparseAdam. */
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

    private OptimizerSettings training() {
        return new OptimizerSettings(
                OptimizerSettings.Kind.ADAMW,
                0.01,
                0,
                0,
                settings[0],
                settings[1],
                settings[2],
                settings[3],
                settings[4],
                OptionalDouble.empty());
    }

    private static boolean[] decayed() {
        boolean[] decayed = new boolean[WEIGHTS + BIASES];
        Arrays.fill(decayed, 0, WEIGHTS, true);
        return decayed;
    }

    private static ParameterGroups groups(boolean[] decayed) {
        return ParameterGroups.of(
                new ParameterLayout(WEIGHTS, BIASES, ROWS, WIDTH), decayed, TowerTraining.WHOLE, TowerTraining.WHOLE);
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
        Gradient gradient = new Gradient(PieceLayout.of(WEIGHTS + BIASES, ROWS, WIDTH, 1), 2);
        float[] dense = floats(join(golden.get("weights_gradient." + step), golden.get("biases_gradient." + step)));
        System.arraycopy(dense, 0, gradient.dense, 0, dense.length);
        gradient.ids = Arrays.stream(golden.get("touched." + step))
                .mapToInt(id -> (int) id)
                .toArray();
        gradient.rows = gradient.ids.length;
        gradient.values = floats(golden.get("touched_gradient." + step));
        System.arraycopy(golden.get("scalars_gradient." + step), 0, gradient.scalars, 0, 2);
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
        float[] parameters = floats(join(golden.get("weights.0"), golden.get("biases.0")));
        float[] rows = floats(golden.get("table.0"));
        double[] scalars = golden.get("scalars.0").clone();
        Optimizer optimizer =
                Optimizer.of(training(), new Slot("parameters", parameters, rows, scalars), groups(decayed));
        double moved = 0;
        for (int step = 0; step < STEPS; step++) {
            double rate = golden.get("rates")[step];
            moved += rate * moveRoundings(step + 1);
            Gradient gradient = gradient(step);
            optimizer.begin(rate);
            optimizer.moveScalars(gradient);
            FloatBuffer copy = FloatBuffer.allocate(WEIGHTS + BIASES);
            optimizer.moveDense(gradient, 4, WEIGHTS + BIASES, copy); // in two pieces, the first of them later
            optimizer.moveDense(gradient, 0, 4, copy);
            optimizer.moveTable(gradient);
            int done = step + 1;
            double[] dense = join(golden.get("weights." + done), golden.get("biases." + done));
            for (int i = 0; i < dense.length; i++) {
                close((i < WEIGHTS ? "weights " : "biases ") + i, parameters[i], dense[i], done, moved);
            }
            double[] table = golden.get("table." + done);
            for (int i = 0; i < table.length; i++) {
                close("table " + i, rows[i], table[i], done, moved);
            }
            double scalarTolerance = 1e-14 * 100; // all in double
            for (int i = 0; i < scalars.length; i++) {
                assertThat(scalars[i]).isCloseTo(golden.get("scalars." + done)[i], within(scalarTolerance));
            }
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
}
