package siglip.kernels.lines;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.DoubleBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import siglip.kernels.Blocks;

class LogSumsTest {
    @Test
    void mergingPartsGivesTheSumsOfTheWhole() {
        Random random = new Random(Blocks.SEED);
        LogSums whole = new LogSums(3);
        LogSums merged = new LogSums(3);
        for (int part = 0; part < 4; part++) {
            LogSums share = new LogSums(3);
            for (int row = 0; row < 3; row++) {
                double logit = 100 * random.nextGaussian();
                double max = 100 * random.nextGaussian();
                double sum = 1 + random.nextDouble();
                whole.addPositive(row, logit);
                whole.addNegatives(row, max, sum);
                share.addPositive(row, logit);
                share.addNegatives(row, max, sum);
            }
            merged.merge(0, onTheWire(share));
        }
        assertThat(merged.loss()).isCloseTo(whole.loss(), within(whole.loss() * 64 * 0x1p-53));
        assertThat(merged.positives(2)).isEqualTo(4);
        assertThat(merged.logSum(1)).isCloseTo(whole.logSum(1), within(1e-12));
    }

    private static DoubleBuffer onTheWire(LogSums sums) {
        DoubleBuffer buffer = DoubleBuffer.allocate(sums.lines() * LogSums.FIELDS);
        sums.write(0, sums.lines(), buffer);
        return buffer.flip();
    }

    @Test
    void mergingAnEmptyPartChangesNothing() {
        LogSums sums = new LogSums(2);
        sums.addPositive(0, 3);
        sums.addNegatives(0, 1, 2);
        DoubleBuffer before = onTheWire(sums);
        sums.merge(0, onTheWire(new LogSums(2)));
        assertThat(onTheWire(sums)).isEqualTo(before);
        assertThat(new LogSums(2).loss()).isZero();
    }

    @Test
    void readingReplacesRows() {
        LogSums sums = new LogSums(3);
        sums.addPositive(1, 5);
        LogSums other = new LogSums(2);
        other.addPositive(0, 7);
        sums.read(1, onTheWire(other));
        assertThat(sums.logSum(1)).isEqualTo(7);
        sums.clear();
        assertThat(sums.positives(1)).isZero();
    }

    @Test
    void hugeLogitsDoNotOverflow() {
        LogSums sums = new LogSums(1);
        sums.addPositive(0, 5000);
        sums.addNegatives(0, 6000, 1);
        sums.addNegatives(0, -9000, 1);
        assertThat(sums.loss()).isEqualTo(500); // half of softplus(1000)
        assertThat(sums.derivativeAtPositive(0, 5000)).isEqualTo(-1);
    }

    @Test
    void rowsThatDoNotFitAreRefused() {
        LogSums sums = new LogSums(3);
        assertThatThrownBy(() -> sums.merge(2, onTheWire(new LogSums(2))))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessage("Cannot put 12 doubles, 6 a line, into lines from 2 on of 3");
        assertThatThrownBy(() -> sums.read(0, DoubleBuffer.allocate(7))).isInstanceOf(IllegalArgumentException.class);
    }
}
