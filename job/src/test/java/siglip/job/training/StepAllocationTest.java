package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Scratch */
@Timeout(120)
class StepAllocationTest {
    private static final int WARM = 20;
    private static final int STEPS = 40;

    @ParameterizedTest
    @CsvSource({
        "sigmoid, 1, 64, 8",
        "sigmoid, 1, 512, 8",
        "sigmoid, 2, 64, 8",
        "sigmoid, 2, 512, 8",
        "sigmoid, 2, 512, 64",
        "sigmoid, 4, 64, 8",
        "softmax, 1, 64, 8",
        "softmax, 2, 64, 8",
        "softmax, 2, 512, 8",
        "softmax, 2, 512, 64",
        "softmax, 4, 64, 8"
    })
    void measure(String loss, int ranks, int pairs, int width) throws Exception {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        List<List<Long>> seen = new ArrayList<>();
        for (int rank = 0; rank < ranks; rank++) {
            seen.add(Collections.synchronizedList(new ArrayList<>()));
        }
        new Rehearsal(
                        width,
                        width,
                        List.of(
                                "loss.arms=[{name=a, loss=" + loss + ", initial-scale=10}]",
                                "run.ranks=" + ranks,
                                "training.batch-size=" + pairs,
                                "training.steps=" + STEPS,
                                "loss.tile=64",
                                "towers.width=" + width,
                                "towers.image.hidden=[16]",
                                "towers.text.hidden=[16]"))
                .observed((rank, step) -> seen.get(rank).add(threads.getCurrentThreadAllocatedBytes()))
                .run();
        StringBuilder out = new StringBuilder();
        for (List<Long> rank : seen) {
            out.append((rank.get(STEPS - 1) - rank.get(WARM)) / (STEPS - 1 - WARM))
                    .append(' ');
        }
        System.out.println("ALLOC " + loss + " D=" + ranks + " N=" + pairs + " d=" + width + ": " + out);
        assertThat(seen).isNotEmpty();
    }
}
