package siglip.job.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class EpochOrderTest {
    private static final long SEED = Long.getLong("test.seed", 1);

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 15, 16, 17, 63, 64, 65, 1000, 4096, 4097})
    void everyPositionIsTakenOnceAndTheInverseFindsItBack(long rows) {
        EpochOrder order = new EpochOrder(SEED, 3, rows);
        boolean[] taken = new boolean[(int) rows];
        for (long id = 0; id < rows; id++) {
            long position = order.positionOf(id);
            assertThat(position).isBetween(0L, rows - 1);
            assertThat(taken[(int) position])
                    .as("position %d of %d", position, rows)
                    .isFalse();
            taken[(int) position] = true;
            assertThat(order.idAt(position)).isEqualTo(id);
        }
    }

    @Test
    void manyRowsAreOrderedToo() {
        long rows = (1L << 40) + 12345;
        EpochOrder order = new EpochOrder(SEED, 0, rows);
        for (long id : new long[] {0, 1, 1L << 39, rows - 1}) {
            assertThat(order.idAt(order.positionOf(id))).isEqualTo(id);
        }
    }

    /**
     * Over E epochs the position of one row is uniform: chi-squared over k cells has mean k - 1 and variance 2 (k - 1), so six deviations
     * above the mean are left to one seed in a billion. Neighbours in id must not be neighbours in order either.
     */
    @Test
    void aRowStandsAnywhereAndApartFromItsNeighbours() {
        int rows = 1000;
        int epochs = 4000;
        int cells = 20;
        int[] counts = new int[cells];
        int[] gaps = new int[cells];
        for (int epoch = 0; epoch < epochs; epoch++) {
            EpochOrder order = new EpochOrder(SEED, epoch, rows);
            long first = order.positionOf(17);
            long second = order.positionOf(18);
            counts[(int) (first * cells / rows)]++;
            gaps[(int) (Math.floorMod(second - first, rows) * (long) cells / rows)]++;
        }
        assertThat(chiSquared(counts, epochs)).isLessThan(cells - 1 + 6 * Math.sqrt(2.0 * (cells - 1)));
        assertThat(chiSquared(gaps, epochs)).isLessThan(cells - 1 + 6 * Math.sqrt(2.0 * (cells - 1)));
    }

    @Test
    void epochsAndSeedsHaveOrdersOfTheirOwn() {
        int rows = 1000;
        EpochOrder order = new EpochOrder(SEED, 0, rows);
        EpochOrder nextEpoch = new EpochOrder(SEED, 1, rows);
        EpochOrder nextSeed = new EpochOrder(SEED + 1, 0, rows);
        int sameEpoch = 0;
        int sameSeed = 0;
        for (int id = 0; id < rows; id++) {
            sameEpoch += order.positionOf(id) == nextEpoch.positionOf(id) ? 1 : 0;
            sameSeed += order.positionOf(id) == nextSeed.positionOf(id) ? 1 : 0;
        }
        assertThat(sameEpoch).isLessThan(15); // Poisson of mean 1: beyond 15 once in 10^13
        assertThat(sameSeed).isLessThan(15);
    }

    @Test
    void rowsOutsideAreRefused() {
        EpochOrder order = new EpochOrder(SEED, 0, 10);
        assertThatThrownBy(() -> order.positionOf(10)).hasMessage("Cannot place row 10 of 10");
        assertThatThrownBy(() -> order.idAt(-1)).isInstanceOf(IndexOutOfBoundsException.class);
    }

    private static double chiSquared(int[] counts, int draws) {
        double expected = (double) draws / counts.length;
        double sum = 0;
        for (int count : counts) {
            sum += (count - expected) * (count - expected) / expected;
        }
        return sum;
    }
}
