package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.job.planning.StepForecast;
import siglip.job.stage.Phase;
import siglip.kernels.Loss;

/** Eight ranks that wait in place of computing, on a slow network: no machine, however loaded, can be faster than the waits allow. */
@Timeout(120)
class WaitingRanksTest {
    private static final int RANKS = 8;
    private static final int STEPS = 3;
    private static final Duration PAUSE = Duration.ofMillis(10);
    private static final Duration LATENCY = Duration.ofMillis(1);

    /** Blocks take longer than hops, so what a step takes at least is exact: all blocks, the last gradient's way home, the columns'. */
    @ParameterizedTest
    @EnumSource(names = {"SIGMOID", "SOFTMAX"})
    void aStepTakesAllBlocksAndTheHopsThatNothingHides(Loss kind) throws Exception {
        WaitingRanks waiting = new WaitingRanks(kind, RANKS, STEPS, PAUSE, 1e7, LATENCY);

        WaitingRanks.Times measured = waiting.measure();

        double blocks = RANKS * PAUSE.toNanos() * 1e-9;
        double text = 4 * WaitingRanks.ROWS * (WaitingRanks.WIDTH + 1) / 1e7;
        double gradient = 4 * WaitingRanks.ROWS * WaitingRanks.WIDTH / 1e7;
        double hop = LATENCY.toNanos() * 1e-9;
        double columns = kind == Loss.SIGMOID ? 0 : 2 * (hop + 48 * WaitingRanks.ROWS * (RANKS - 1) / 1e7);
        StepForecast planned = waiting.planned();
        assertThat(waiting.waits()).isEqualTo((kind == Loss.SIGMOID ? 1 : 2) * RANKS * RANKS * STEPS);
        assertThat(planned.seconds(Phase.LOSS)).isCloseTo(blocks, org.assertj.core.data.Offset.offset(1e-12));
        assertThat(planned.seconds(Phase.HOPS))
                .isCloseTo(gradient + hop + columns, org.assertj.core.data.Offset.offset(1e-9));
        assertThat(text + hop).isLessThan(PAUSE.toNanos() * 1e-9 / 4); // a quarter: the softmax's first pass
        assertThat(measured.exchange())
                .isGreaterThan(0.999 * (planned.seconds(Phase.LOSS) + planned.seconds(Phase.HOPS)));
    }
}
