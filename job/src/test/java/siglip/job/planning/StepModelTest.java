package siglip.job.planning;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import siglip.job.config.OptimizerSettings;
import siglip.job.features.PairShape;
import siglip.job.losses.LossShape;
import siglip.job.losses.Network;
import siglip.job.order.Slices;
import siglip.job.planning.StepForecast.Limit;
import siglip.job.stage.Phase;
import siglip.job.towers.ParameterLayout;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.blas.Precision;

/** Steps against ones reckoned by hand, with rates that no machine has: powers of two, so that sums are exact. */
class StepModelTest {
    private static final Rates RATES = new Rates(
            1,
            2,
            Map.of(
                    "sigmoid_logit", 0.5,
                    "softmax_logit_first_pass", 0.25,
                    "softmax_logit_second_pass", 0.75,
                    "merged_column", 0.125),
            0.25,
            0.5,
            0.125);
    private static final Network INSTANT = new Network(Double.POSITIVE_INFINITY, 0, 0, 0);

    /** Eight pairs of 3 + 3 features, embeddings of 2 floats, 10 parameters. */
    private static Workload work(int ranks, int cores, int microBatch) {
        return work(8, ranks, cores, microBatch, 4);
    }

    private static Workload sized(int pairs, int ranks, int parameters) {
        return work(pairs, ranks, 1, 100, parameters);
    }

    private static Workload work(int pairs, int ranks, int cores, int microBatch, int parameters) {
        return new Workload(
                new LossShape(new Slices(pairs, ranks), cores, 2),
                microBatch,
                4,
                Precision.FP32,
                DuplicatePolicy.IGNORE,
                new PairShape(3, 3),
                new ParameterLayout(6, parameters, 0, 0),
                1,
                List.of(LossForm.plain(Loss.SIGMOID), LossForm.plain(Loss.SOFTMAX)),
                List.of(OptimizerSettings.Kind.ADAMW, OptimizerSettings.Kind.ADAMW),
                900,
                true);
    }

    private static List<StepForecast> arms(Workload work, Network network) {
        return new StepModel(work, RATES, network, new TowerBytes(0, 0)).arms();
    }

    /** One by one, as ranks pass blocks on, and as each sends a piece to each. */
    @ParameterizedTest
    @CsvSource({"8, 1, 4", "8, 3, 4", "1003, 7, 40", "100, 64, 1001"})
    void theRankThatSendsMostIsFoundAmongAFew(int pairs, int ranks, int parameters) {
        Workload work = sized(pairs, ranks, parameters);
        for (LossForm loss : work.losses()) {
            long most = 0;
            for (int rank = 0; rank < ranks; rank++) {
                Traffic each = Traffic.of(work, loss, rank);
                most = Math.max(most, each.ring() + each.reduce());
            }
            Traffic found = arms(work, INSTANT).get(work.losses().indexOf(loss)).traffic();
            assertThat(found.ring() + found.reduce()).isEqualTo(most);
        }
        Slices rows = work.lossShape().rows();
        for (int rank = 0; rank < ranks; rank++) {
            long ring = 0;
            for (int phase = 0; phase < ranks; phase++) {
                long sent = rows.size(Math.floorMod(rank - phase, ranks));
                ring += (phase < ranks - 1 ? 4 * sent * 3 : 0) + (phase > 0 ? 4 * sent * 2 : 0);
            }
            assertThat(Traffic.of(work, LossForm.plain(Loss.SIGMOID), rank).ring())
                    .isEqualTo(ring);
        }
    }

    @Test
    void aStepOfTwoRanksIsTheSumOfItsPhases() {
        StepForecast sigmoid = arms(work(2, 1, 100), INSTANT).get(0);

        assertThat(sigmoid.seconds(Phase.BATCH)).isEqualTo(4 * 6 * 0.5);
        assertThat(sigmoid.seconds(Phase.FORWARD)).isEqualTo(4);
        assertThat(sigmoid.seconds(Phase.LOSS)).isEqualTo(2 * 4 * 4 * 0.5);
        assertThat(sigmoid.seconds(Phase.HOPS)).isEqualTo(4 * 2 * 0.25); // adding the gradient that comes home
        assertThat(sigmoid.seconds(Phase.BACKWARD)).isEqualTo(8);
        assertThat(sigmoid.computing().get(Phase.REDUCE)).isEqualTo(10 * (0.5 + 0.25));
        assertThat(sigmoid.driver()).isEqualTo(1.25);
        assertThat(sigmoid.computing().get(Phase.UPDATE)).isEqualTo(5);
        assertThat(sigmoid.messages().get(Phase.REDUCE) + sigmoid.messages().get(Phase.UPDATE))
                .isZero();
        assertThat(sigmoid.seconds()).isEqualTo(12 + 4 + 16 + 2 + 8 + 7.5 + 1.25 + 5);
    }

    @Test
    void theSoftmaxPassesTwiceAndMergesColumns() {
        StepForecast softmax = arms(work(2, 1, 100), INSTANT).get(1);

        assertThat(softmax.seconds(Phase.BATCH)).isZero();
        assertThat(softmax.seconds(Phase.LOSS)).isEqualTo(2 * 4 * 4 * (0.25 + 0.75));
        assertThat(softmax.seconds(Phase.HOPS)).isEqualTo(8 * 0.125 + 2);
    }

    @Test
    void coresShareRowsAndMicroBatchesPassForwardAgain() {
        StepForecast sigmoid = arms(work(1, 2, 2), INSTANT).get(0); // lanes of 4 pairs, two micro-batches each

        assertThat(sigmoid.seconds(Phase.FORWARD)).isEqualTo(4);
        assertThat(sigmoid.seconds(Phase.BACKWARD)).isEqualTo(8 + 4 + 10 * 0.25);
        assertThat(sigmoid.seconds(Phase.LOSS)).isEqualTo(4 * 8 * 0.5 + 16 * (0.5 + 0.25 / 2));
    }

    /** Ten bytes a second, a second's latency: gradient pieces of 220 bytes, as many bytes of parameters, 440 for and from the driver. */
    @Test
    void piecesTakeTheirTimeOnTheWire() {
        StepForecast sigmoid = arms(work(2, 1, 100), new Network(10, 1, 0, 0)).get(0);

        assertThat(sigmoid.traffic().reduce()).isEqualTo(3 * 220);
        assertThat(sigmoid.traffic().driver()).isEqualTo(440);
        assertThat(sigmoid.messages().get(Phase.REDUCE)).isEqualTo(1 + 22);
        assertThat(sigmoid.messages().get(Phase.UPDATE)).isEqualTo(2 * (1 + 44) + 1 + 22);
        assertThat(sigmoid.limit()).isEqualTo(Limit.NETWORK);
    }

    @Test
    void messagesCostProcessorTimeAlsoWhereTheWireIsFast() {
        StepForecast sigmoid = arms(work(2, 1, 100), new Network(Double.POSITIVE_INFINITY, 0, 4, 0))
                .get(0);

        assertThat(sigmoid.seconds(Phase.LOSS))
                .isEqualTo(16 + 2 * 2 * 4); // a text and a gradient in each of two phases
        assertThat(sigmoid.messages().get(Phase.REDUCE)).isEqualTo(4);
        assertThat(sigmoid.messages().get(Phase.UPDATE)).isEqualTo(2 * 2 * 4 + 4);
    }

    @Test
    void coreHoursAreThoseOfAllRanksForAllSteps() {
        Workload work = work(2, 2, 100);
        StepForecast arm = arms(work, INSTANT).get(0);
        Memory none = new Memory(List.of());

        RunForecast plan = new RunForecast(work, RATES, 0, List.of(arm), none, none, List.of());

        assertThat(plan.coreHours(arm)).isEqualTo(arm.seconds()); // 900 steps on 4 cores
    }
}
