package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What a rank's thread allocates in a step that is warm, and what segments leave behind off the heap.
 *
 * <p>Nothing that is allocated grows with the batch, the width or the number of parameters: all of that lies in buffers that last for a segment. What
 * is left is objects that name things: futures, frames and views of buffers for each message, views of slices and operands for each tile, lists. A
 * step of D ranks and T tiles may take
 *
 * <pre>{@code
 * 64 KiB                    the step itself: its scalars, sums, clock and report, views of parameters layer by layer
 * 8 KiB for each message    2 (D - 1) hops, 2 D pieces, for the softmax 2 (D - 1) more: headers, futures, names, polls
 * 4 KiB for each tile       views and operands, twice for the softmax
 * }</pre>
 *
 * <p>Where ranks have different numbers of rows, each block's concept ids are copied besides, 4 bytes a row; and a micro-batch takes copies of its
 * ids, 12 bytes a row. The kernels here are scalar: the Vector API's values become objects until the compiler has seen enough of the loop.
 */
@Timeout(180)
class StepAllocationTest {
    private static final int STEPS = 40;
    private static final int WARM = 20;
    private static final int TILE = 64;
    private static final long STEP = 64 << 10;
    private static final long MESSAGE = 8 << 10;
    private static final long OF_TILE = 4 << 10;

    @ParameterizedTest
    @CsvSource({
        "sigmoid, 1, 256, 16",
        "sigmoid, 2, 256, 16",
        "sigmoid, 4, 256, 16",
        "sigmoid, 2, 256, 512",
        "softmax, 1, 256, 16",
        "softmax, 2, 256, 16",
        "softmax, 2, 1024, 16",
        "softmax, 2, 256, 512",
    })
    void aWarmStepAllocatesNamesAndViewsButNoNumbers(String loss, int ranks, int pairs, int width) throws Exception {
        int passes = loss.equals("sigmoid") ? 1 : 2;
        List<Long> least = leastOfWarmSteps(loss, ranks, pairs, width);

        long tiles = (long) ceil(pairs / ranks) * ranks * ceil(pairs / ranks);
        long messages = 2L * ranks + 2L * passes * (ranks - 1);
        long bound = STEP + messages * MESSAGE + passes * tiles * OF_TILE;
        assertThat(least)
                .as(
                        "bytes that each rank's thread allocated in a step: %s, D = %d, N = %d, d = %d",
                        loss, ranks, pairs, width)
                .hasSize(ranks)
                .allSatisfy(bytes -> assertThat(bytes).isBetween(1L, bound));
    }

    private static int ceil(int rows) {
        return (rows + TILE - 1) / TILE;
    }

    /** By rank; the least, since now and then a wait polls once more, or a list of the network's grows. */
    private static List<Long> leastOfWarmSteps(String loss, int ranks, int pairs, int width) throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<List<Long>> seen = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            seen.add(Collections.synchronizedList(new ArrayList<>()));
        }
        rehearsal(loss, ranks, pairs, width, STEPS)
                .observed((rank, step) -> seen.get(rank).add(threads.getCurrentThreadAllocatedBytes()))
                .run();
        List<Long> least = new ArrayList<>();
        for (List<Long> rank : seen) {
            long smallest = Long.MAX_VALUE;
            for (int step = WARM; step < STEPS; step++) {
                smallest = Math.min(smallest, rank.get(step) - rank.get(step - 1));
            }
            least.add(smallest);
        }
        return least;
    }

    private static Rehearsal rehearsal(String loss, int ranks, int pairs, int width, int steps) {
        return new Rehearsal(
                width,
                width,
                List.of(
                        "loss.arms=[{name=a, loss=" + loss + ", initial-scale=10}]",
                        "run.ranks=" + ranks,
                        "training.batch-size=" + pairs,
                        "training.steps=" + steps,
                        "loss.tile=" + TILE,
                        "loss.elementwise=scalar",
                        "towers.width=" + width,
                        "towers.image.hidden=[16]",
                        "towers.text.hidden=[16]"));
    }

    /** Eight segments in a row: when one is garbage, its buffers are free for the next. */
    @Test
    void segmentsLeaveNoMemoryBehindOffTheHeap() throws Exception {
        rehearsal("softmax", 2, 512, 256, 1).run(); // what the network keeps
        long before = afterCollection();
        for (int segment = 0; segment < 8; segment++) {
            rehearsal("softmax", 2, 512, 256, 1).run();
        }
        long one = 2L * 512 * 256 * 4; // less than the own blocks of both ranks

        assertThat(settled(before + one))
                .as("bytes off the heap before: %,d", before)
                .isLessThan(before + one);
    }

    private static long afterCollection() throws InterruptedException {
        System.gc();
        Thread.sleep(200); // the cleaner's thread frees what the collector found
        return direct();
    }

    /** Collects until no more than so much is in use, at most 20 times. */
    private static long settled(long most) throws InterruptedException {
        long used = afterCollection();
        for (int i = 0; i < 20 && used >= most; i++) {
            used = afterCollection();
        }
        return used;
    }

    private static long direct() {
        return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .filter(pool -> pool.getName().equals("direct"))
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum();
    }
}
