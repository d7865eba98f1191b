package siglip.job.optimizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.OptionalDouble;
import java.util.Random;
import org.junit.jupiter.api.Test;
import siglip.job.config.OptimizerSettings;
import siglip.job.config.TowerTraining;
import siglip.job.ring.PieceLayout;
import siglip.job.towers.ParameterLayout;

/** Lion against its authors' program, in double. */
class LionTest {
    private static final int DENSE = 6;
    private static final int DECAYED = 4;
    private static final int ROWS = 3;
    private static final int WIDTH = 2;
    private static final double RATE = 0.01;
    private static final double BETA1 = 0.9;
    private static final double BETA2 = 0.99;
    private static final double DECAY = 0.5;
    private static final double FACTOR = 10;

    private static final OptimizerSettings SETTINGS = new OptimizerSettings(
            OptimizerSettings.Kind.LION, 1, 0, 0, BETA1, BETA2, 1, DECAY, FACTOR, OptionalDouble.empty());

    private final Slot values = new Slot("parameters", new float[DENSE], new float[ROWS * WIDTH], new double[2]);
    private final boolean[] decayed = new boolean[DENSE];

    /** One number as the authors move it. */
    private static final class Followed {
        private double p;
        private double m;

        Followed(double start) {
            p = start;
        }

        void step(double g, double rate, double decay) {
            double update = Math.signum(BETA1 * m + (1 - BETA1) * g) + decay * p;
            m = BETA2 * m + (1 - BETA2) * g;
            p -= rate * update;
        }
    }

    @Test
    void movesAllThatABatchTouchesByTheSignOfItsMixedGradient() {
        Random random = new Random(1);
        Followed[] dense = followed(values.dense(), random);
        Followed[] table = followed(values.table(), random);
        Followed[] scalars = {new Followed(0.5), new Followed(-2)};
        System.arraycopy(new double[] {0.5, -2}, 0, values.scalars(), 0, 2);
        Arrays.fill(decayed, 0, DECAYED, true);
        Optimizer lion = Optimizer.of(
                SETTINGS,
                values,
                ParameterGroups.of(
                        new ParameterLayout(DENSE, 0, ROWS, WIDTH), decayed, TowerTraining.WHOLE, TowerTraining.WHOLE));
        Gradient gradient = new Gradient(PieceLayout.of(DENSE, ROWS, WIDTH, 1), 2);
        for (int step = 0; step < 30; step++) {
            for (int i = 0; i < DENSE; i++) {
                gradient.dense[i] = (float) random.nextGaussian();
                dense[i].step(gradient.dense[i], RATE, i < DECAYED ? DECAY : 0);
            }
            int row = step % 2 * 2; // row 1 is never touched
            gradient.ids = new int[] {row};
            gradient.rows = 1;
            gradient.values = new float[WIDTH];
            for (int k = 0; k < WIDTH; k++) {
                gradient.values[k] = (float) random.nextGaussian();
                table[row * WIDTH + k].step(gradient.values[k], RATE, 0);
            }
            for (int i = 0; i < 2; i++) {
                gradient.scalars[i] = random.nextGaussian();
                scalars[i].step(gradient.scalars[i], RATE * FACTOR, 0);
            }
            lion.begin(RATE);
            lion.moveScalars(gradient);
            lion.moveTable(gradient);
            lion.moveDense(gradient, 0, 3, FloatBuffer.allocate(DENSE));
            lion.moveDense(gradient, 3, DENSE, FloatBuffer.allocate(DENSE));
        }
        for (int i = 0; i < DENSE; i++) {
            assertThat((double) values.dense()[i]).as("parameter %d", i).isCloseTo(dense[i].p, within(1e-5));
        }
        for (int i = 0; i < ROWS * WIDTH; i++) {
            assertThat((double) values.table()[i]).as("table %d", i).isCloseTo(table[i].p, within(1e-5));
        }
        for (int i = 0; i < 2; i++) {
            assertThat(values.scalars()[i]).as("scalar %d", i).isCloseTo(scalars[i].p, within(1e-12));
        }
    }

    private static Followed[] followed(float[] start, Random random) {
        Followed[] followed = new Followed[start.length];
        for (int i = 0; i < start.length; i++) {
            start[i] = (float) random.nextGaussian();
            followed[i] = new Followed(start[i]);
        }
        return followed;
    }
}
