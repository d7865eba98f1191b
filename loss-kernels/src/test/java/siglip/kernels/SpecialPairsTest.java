package siglip.kernels;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is found by index is what a comparison of all pairs finds. */
class SpecialPairsTest {
    private final Random random = new Random(Blocks.SEED);
    private final SpecialPairs special = new SpecialPairs();

    @ParameterizedTest
    @EnumSource
    void areThosePairsThatComparingAllWouldFind(DuplicatePolicy policy) {
        for (int repeat = 0; repeat < 200; repeat++) {
            int m = random.nextInt(30);
            int n = random.nextInt(30);
            PairLabels labels = new PairLabels(
                    random.nextInt(40),
                    random.nextInt(40),
                    random.ints(m, -3, 6).toArray(),
                    random.ints(n, -3, 6).toArray(),
                    policy);
            special.block(labels);
            assertTilesAreRight(labels, 1 + random.nextInt(16));
        }
    }

    private void assertTilesAreRight(PairLabels labels, int tile) {
        int m = labels.imageConcepts().length;
        int n = labels.textConcepts().length;
        for (int row = 0; row < m; row += tile) {
            for (int column = 0; column < n; column += tile) {
                int columns = Math.min(tile, n - column);
                int rows = Math.min(tile, m - row);
                special.tile(row, rows, column, columns);
                TreeSet<Integer> positives = new TreeSet<>();
                TreeSet<Integer> masked = new TreeSet<>();
                for (int i = 0; i < rows; i++) {
                    for (int j = 0; j < columns; j++) {
                        boolean same = labels.imageConcepts()[row + i] == labels.textConcepts()[column + j];
                        boolean own = labels.firstImage() + row + i == labels.firstText() + column + j;
                        if (own || (same && labels.duplicates() == DuplicatePolicy.MULTI_POSITIVE)) {
                            positives.add(i * columns + j);
                        } else if (same && labels.duplicates() == DuplicatePolicy.MASK) {
                            masked.add(i * columns + j);
                        }
                    }
                }
                assertThat(special.positiveCount()).as("no pair twice").isEqualTo(positives.size());
                assertThat(special.maskedCount()).isEqualTo(masked.size());
                for (int k = 0; k < special.positiveCount(); k++) {
                    assertThat(positives).contains(special.positive(k));
                }
                for (int k = 0; k < special.maskedCount(); k++) {
                    assertThat(masked).contains(special.masked(k));
                }
            }
        }
    }

    @Test
    void extremeConceptIdsAndPositionsDoNotOverflow() {
        int[] concepts = {Integer.MAX_VALUE, Integer.MIN_VALUE, -1, 0};
        special.block(new PairLabels(
                Integer.MAX_VALUE - 3, Integer.MIN_VALUE, concepts, concepts, DuplicatePolicy.MULTI_POSITIVE));
        special.tile(0, 4, 0, 4);
        assertThat(special.positiveCount()).isEqualTo(4);
        for (int k = 0; k < 4; k++) {
            assertThat(special.rowOf(special.positive(k)))
                    .isEqualTo(special.columnOf(special.positive(k)))
                    .isEqualTo(k);
        }
    }
}
