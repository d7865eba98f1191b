package siglip.job.data;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.junit.jupiter.api.Test;
import org.roaringbitmap.RoaringBitmap;
import siglip.job.formats.DataFile;

class KeptRowsTest {
    private static final int ROWS = 500; // of each file; every other one is kept
    private static final List<DataFile> FILES =
            List.of(new DataFile("file:/a", "a", 1, ROWS), new DataFile("file:/b", "b", 1, ROWS));

    @Test
    void aSetThatIsNoLargerThanTheSampleStaysAsItIs() {
        KeptRows all = inFileOrder();

        assertThat(all.sample(ROWS, 1)).isSameAs(all);
        assertThat(all.sample(ROWS - 1, 1).size()).isEqualTo(ROWS - 1);
    }

    @Test
    void aSampleIsDrawnFromAllRowsByTheSeedAndHasIdsWithoutGapsInTheSameOrder() {
        KeptRows all = inFileOrder();

        List<Long> chosen = chosen(all, all.sample(100, 1));

        assertThat(chosen)
                .hasSize(100)
                .isSorted()
                .isEqualTo(chosen(inFileOrder(), inFileOrder().sample(100, 1)));
        assertThat(chosen).isNotEqualTo(chosen(all, all.sample(100, 2)));
        assertThat(chosen.get(99)).as("rows of the last part too").isGreaterThan(450);
        assertThat(chosen.stream().mapToLong(Long::longValue).sum() / 100.0).isBetween(200.0, 300.0);
    }

    /** Which rows are drawn follows from their ids: a key that reverses the order draws the mirror image. */
    @Test
    void theSampleOfRowsThatAreOrderedByAKeyFollowsTheKey() {
        List<Row> sorted = new ArrayList<>();
        for (int file = 1; file >= 0; file--) {
            for (long row = ROWS - 1; row >= 0; row--) {
                sorted.add(RowFactory.create(FILES.get(file).uri(), row, sorted.size()));
            }
        }
        KeptRows keyed = KeptRows.inKeyOrder(FILES, kept(), "key", sorted.iterator());

        assertThat(chosen(keyed, keyed.sample(100, 1)))
                .isEqualTo(chosen(inFileOrder(), inFileOrder().sample(100, 1)));
    }

    private static KeptRows inFileOrder() {
        return KeptRows.inFileOrder(FILES, kept());
    }

    private static List<RoaringBitmap> kept() {
        return FILES.stream()
                .map(file -> RoaringBitmap.bitmapOf(LongStream.range(0, ROWS / 2)
                        .mapToInt(row -> 2 * (int) row)
                        .toArray()))
                .toList();
    }

    /** The ids that rows of a sample had before, by their ids in the sample. */
    private static List<Long> chosen(KeptRows all, KeptRows sample) {
        Long[] before = new Long[(int) sample.size()];
        for (DataFile file : FILES) {
            for (int row = 0; row < ROWS; row++) {
                long id = sample.idOf(file.uri(), row);
                if (id >= 0) {
                    before[(int) id] = all.idOf(file.uri(), row);
                }
            }
        }
        return List.of(before);
    }
}
