package siglip.job.towers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;
import siglip.kernels.blas.Matrix;

class InputDropoutTest {
    private static final int ROWS = 200;
    private static final int WIDTH = 101;
    private static final double SHARE = 0.3;

    private final InputDropout dropout = new InputDropout(SHARE, Modality.IMAGE, WIDTH);

    /** The share among n independent inputs has deviation sqrt(p (1 - p) / n): six of them are allowed. */
    @Test
    void dropsTheShareAndScalesTheOthers() {
        float[] values = run(dropout, 1, 2, 0).toArray();

        int dropped = 0;
        for (float value : values) {
            assertThat(value).isIn(0f, (float) (1 / (1 - SHARE)));
            dropped += value == 0 ? 1 : 0;
        }
        double deviation = Math.sqrt(SHARE * (1 - SHARE) / values.length);
        assertThat((double) dropped / values.length).isCloseTo(SHARE, within(6 * deviation));
    }

    @Test
    void aRowsMaskDependsOnItsIdAndNotOnItsPlace() {
        Matrix here = run(dropout, 1, 2, 0);
        Matrix there = run(dropout, 1, 2, 7);

        assertThat(there.rows(0, 1).toArray()).isEqualTo(here.rows(7, 1).toArray());
        assertThat(there.rows(0, 1).toArray()).isNotEqualTo(here.rows(0, 1).toArray());
    }

    /** Two independent masks agree in p^2 + (1 - p)^2 of the inputs. */
    @Test
    void seedStepAndTowerEachChangeTheMask() {
        float[] first = run(dropout, 1, 2, 0).toArray();
        InputDropout other = new InputDropout(SHARE, Modality.TEXT, WIDTH);
        double expected = SHARE * SHARE + (1 - SHARE) * (1 - SHARE);
        double deviation = Math.sqrt(expected * (1 - expected) / first.length);
        for (Matrix changed : new Matrix[] {run(dropout, 3, 2, 0), run(dropout, 1, 3, 0), run(other, 1, 2, 0)}) {
            float[] second = changed.toArray();
            int equal = 0;
            for (int i = 0; i < first.length; i++) {
                equal += first[i] == second[i] ? 1 : 0;
            }
            assertThat((double) equal / first.length).isCloseTo(expected, within(6 * deviation));
        }
    }

    private static Matrix run(InputDropout dropout, long seed, long step, long firstId) {
        Matrix ones = Matrix.allocate(ROWS, WIDTH);
        long[] ids = new long[ROWS];
        for (int i = 0; i < ROWS; i++) {
            ids[i] = firstId + i;
            for (int k = 0; k < WIDTH; k++) {
                ones.set(i, k, 1);
            }
        }
        dropout.apply(seed, step, ids, ones, ones);
        return ones;
    }
}
