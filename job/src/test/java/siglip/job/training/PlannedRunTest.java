package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.config.PlanSettings;
import siglip.job.losses.LossSpec;
import siglip.job.losses.LossWork;
import siglip.job.losses.Network;
import siglip.job.planning.Rates;
import siglip.job.planning.RunForecast;
import siglip.job.planning.StepForecast;
import siglip.job.planning.TowerBytes;
import siglip.job.planning.Workload;
import siglip.job.stage.RankStep;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Precision;

/** What is planned of bytes and memory is what ranks report: to the byte. */
@Timeout(120)
class PlannedRunTest {
    private static final Rates NO_TIME = new Rates(0, 0, noTime(), 0, 0, 0);
    private static final Network NO_NETWORK = new Network(1, 0, 0, 0);

    private static Map<String, Double> noTime() {
        return Stream.of(Loss.values())
                .flatMap(loss -> LossSpec.of(LossForm.plain(loss)).work().stream())
                .map(LossWork::name)
                .distinct()
                .collect(Collectors.toMap(name -> name, name -> 0.0));
    }

    @ParameterizedTest
    @CsvSource({
        "1, 1, 12, 1000",
        "2, 1, 12, 1000",
        "2, 2, 13, 1000",
        "3, 1, 13, 2",
        "4, 3, 29, 2",
        "8, 1, 64, 1000",
        "8, 1, 67, 3",
    })
    void bytesAndMemoryAreThoseThatRanksReport(int ranks, int cores, int pairs, int microBatch) throws Exception {
        check(ranks, cores, pairs, microBatch, "ignore", "fp32");
        check(ranks, cores, pairs, microBatch, "mask", "fp32");
    }

    @ParameterizedTest
    @CsvSource({"1, 1, 12", "2, 2, 13", "3, 1, 13", "4, 3, 29"})
    void bytesAndMemoryOfLossesWithOptionsAreThoseThatRanksReport(int ranks, int cores, int pairs) throws Exception {
        check(
                ranks,
                cores,
                pairs,
                1000,
                "ignore",
                "fp32",
                "loss.arms=["
                        + "{ name = a, loss = sigmoid, initial-scale = 10, centred = true },"
                        + "{ name = b, loss = softmax, initial-scale = 10, centred = true },"
                        + "{ name = c, loss = sigmoid-relative, initial-scale = 10, positive-weight = 3 }]");
    }

    /** Rounded copies are counted too, where the processor takes them. */
    @ParameterizedTest
    @CsvSource({"1, 1, 40, 1000", "2, 1, 12, 1000", "3, 2, 29, 3"})
    void memoryInBf16IsThatWhichRanksReport(int ranks, int cores, int pairs, int microBatch) throws Exception {
        try (MatrixProducts products = MatrixProducts.open("auto", "auto")) {
            assumeTrue(products.precision() == Precision.BF16, "this processor does not multiply bf16");
        }
        check(ranks, cores, pairs, microBatch, "ignore", "bf16", "loss.products=onednn");
    }

    /** More rows than a tile, and more positives in one than lists start with. */
    @ParameterizedTest
    @ValueSource(ints = {64, 100})
    void memoryOfListsThatGrowIsCounted(int tile) throws Exception {
        check(1, 1, 150, 1000, "ignore", "fp32", "loss.tile=" + tile);
    }

    private static void check(
            int ranks, int cores, int pairs, int microBatch, String duplicates, String precision, String... more)
            throws Exception {
        List<String> assignments = new ArrayList<>(List.of(
                "run.ranks=" + ranks,
                "run.cores-per-rank=" + cores,
                "training.batch-size=" + pairs,
                "training.micro-batch-size=" + microBatch,
                "training.steps=2",
                "loss.duplicates=" + duplicates,
                "loss.precision=" + precision,
                "loss.tile=16",
                "towers.width=8",
                "towers.image.hidden=[7]",
                "towers.image.activation=gelu",
                "towers.image.input-dropout=0.25",
                "towers.text.hidden=[6, 5]"));
        assignments.addAll(List.of(more));
        Rehearsal rehearsal = new Rehearsal(9, 11, assignments);
        List<StepRecord> records = rehearsal.run();
        RunForecast plan = plan(rehearsal, ranks, precision);
        for (int arm = 0; arm < plan.arms().size(); arm++) {
            StepForecast planned = plan.arms().get(arm);
            String what = "%s, D = %d, %d cores, N = %d, %s".formatted(planned.loss(), ranks, cores, pairs, duplicates);
            String name = rehearsal.settings().loss().arms().get(arm).name();
            List<RankStep> last = records.stream()
                    .filter(record -> record.arm().equals(name) && record.step() == 1)
                    .findFirst()
                    .orElseThrow()
                    .ranks();
            assertThat(last).hasSize(ranks);
            RankStep most = last.stream()
                    .max(java.util.Comparator.comparingLong(step -> step.ringBytes() + step.reduceBytes()))
                    .orElseThrow();
            assertThat(planned.traffic().ring()).as("ring, " + what).isEqualTo(most.ringBytes());
            assertThat(planned.traffic().reduce()).as("reduce, " + what).isEqualTo(most.reduceBytes());
            assertThat(planned.memory().total()).as("memory, " + what).isEqualTo(rehearsal.peakBytes(arm));
        }
    }

    private static RunForecast plan(Rehearsal rehearsal, int ranks, String precision) {
        PlanSettings limits = rehearsal.settings().plan();
        try (MatrixProducts products = MatrixProducts.open("auto", precision)) {
            Workload work = Workload.of(rehearsal.settings(), rehearsal.model(), ranks, products.precision());
            return RunForecast.of(work, NO_TIME, NO_NETWORK, TowerBytes.of(rehearsal.model(), products), limits);
        }
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "loss = sigmoid-solved",
                "loss = sigmoid, hardest-negatives = 0.5, vrns-weight = 1",
                "loss = softmax, vrns-weight = 1",
                "loss = sigmoid, random-negatives = 0.5, vrns-weight = 1",
                "loss = sigmoid-adaptive",
                "loss = hybrid, softmax-share = 0.3",
                "loss = softmax, label-smoothing = 0.1"
            })
    void bytesAndMemoryOfLossesThatTheDefaultRunDoesNotHaveAreThoseThatRanksReport(String loss) throws Exception {
        String arms = "loss.arms=[{ name = one, initial-scale = 10, %s }]".formatted(loss);
        check(1, 1, 12, 1000, "ignore", "fp32", arms);
        check(2, 2, 13, 1000, "mask", "fp32", arms);
        check(3, 1, 13, 2, "multi-positive", "fp32", arms);
        check(1, 1, 150, 1000, "ignore", "fp32", arms, "loss.tile=64");
    }

    @Test
    void aRankThatDoesNotFitIsWarnedOf() {
        Rehearsal rehearsal = new Rehearsal(
                9, 11, List.of("training.batch-size=1048576", "plan.executor-memory=1 GiB", "run.ranks=4"));

        assertThat(plan(rehearsal, 4, "fp32").warnings())
                .singleElement()
                .asString()
                .startsWith("A rank does not fit: it takes ")
                .endsWith("and plan.executor-memory is 1.00 GiB");
    }

    @Test
    void aBlockThatNoMessageHoldsIsWarnedOf() {
        Rehearsal rehearsal = new Rehearsal(9, 11, List.of("training.batch-size=10000000", "towers.width=128"));

        assertThat(plan(rehearsal, 2, "fp32").warnings())
                .singleElement()
                .asString()
                .contains("one message holds at most 2 GiB: it takes at least 3 ranks");
    }
}
