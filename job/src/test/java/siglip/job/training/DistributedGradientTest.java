package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static siglip.kernels.Loss.SIGMOID;
import static siglip.kernels.Loss.SOFTMAX;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.batches.Batch;
import siglip.job.batches.RankBatches;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.losses.LossExchange;
import siglip.job.losses.LossSpec;
import siglip.job.optimizer.Gradient;
import siglip.job.order.Slices;
import siglip.job.ring.Circle;
import siglip.job.ring.DriverReduction;
import siglip.job.ring.Piece;
import siglip.job.ring.RankNode;
import siglip.job.stage.Lanes;
import siglip.job.towers.ModelSpec;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossScalar;
import siglip.kernels.Numerics;

/**
 * The gradient that reaches the driver, through towers, ring and reduction over real connections, is that of the whole global
 * batch in one place.
 */
@Timeout(120)
class DistributedGradientTest {
    private static final long SEED = Long.getLong("test.seed", 1);
    private static final int STEPS = 2;
    private static final int CONCEPTS =
            5; // pairs i and i + 5 share a concept: on different ranks, for most numbers of ranks
    private static final Numerics NUMERICS = new Numerics("auto", Numerics.FP32, "auto", 4);

    @ParameterizedTest
    @EnumSource
    void isThatOfTheWholeBatchForBothLossesAndAnyNumberOfRanks(DuplicatePolicy duplicates) throws Exception {
        for (int pairs : new int[] {12, 13}) { // shared evenly by 1, 2, 3 and 4 ranks, and by none but 1
            for (int ranks = 1; ranks <= 4; ranks++) {
                new Training(pairs, ranks, 1, duplicates).check(Fault.NONE);
            }
        }
    }

    @ParameterizedTest
    @EnumSource
    void isThatOfTheWholeBatchWhenEachRankWorksOnSeveralCores(DuplicatePolicy duplicates) throws Exception {
        new Training(13, 1, 2, duplicates).check(Fault.NONE);
        new Training(13, 3, 2, duplicates).check(Fault.NONE);
        new Training(7, 2, 5, duplicates).check(Fault.NONE); // more cores than rows
    }

    @ParameterizedTest
    @EnumSource
    void isThatOfTheWholeBatchWhenItPassesTheTowersInMicroBatches(DuplicatePolicy duplicates) throws Exception {
        new Training(13, 1, 1, 4, duplicates).check(Fault.NONE);
        new Training(13, 2, 2, 3, duplicates).check(Fault.NONE);
        new Training(13, 3, 1, 1, duplicates).check(Fault.NONE);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "loss = sigmoid, positive-weight = 3",
                "loss = sigmoid-relative",
                "loss = sigmoid-relative, positive-weight = 3",
                "loss = sigmoid-solved",
                "loss = sigmoid-adaptive",
                "loss = hybrid, softmax-share = 0.3",
                "loss = softmax, label-smoothing = 0.1",
                "loss = sigmoid, random-negatives = 0.4",
                "loss = sigmoid, hardest-negatives = 0.3",
                "loss = sigmoid-relative, easiest-negatives = 0.5, vrns-weight = 2",
                "loss = sigmoid, vrns-weight = 30",
                "loss = softmax, vrns-weight = 30"
            })
    void isThatOfTheWholeBatchForLossesWithOptions(String loss) throws Exception {
        for (DuplicatePolicy duplicates : DuplicatePolicy.values()) {
            for (int ranks = 1; ranks <= 3; ranks++) {
                new Training(13, ranks, ranks == 2 ? 3 : 1, 1000, duplicates, armOf(loss)).check(Fault.NONE);
            }
        }
    }

    private static String armOf(String loss) {
        return "loss.arms=[{ name = one, initial-scale = 8, %s }]".formatted(loss);
    }

    @Test
    void theBoundsLetTheRingPassInWhichAHopCanBeDropped() {
        assertThatCode(() -> new Training(12, 3, 1, DuplicatePolicy.MASK).check(RingFaults.lastShare(false)))
                .doesNotThrowAnyException();
    }

    @Test
    void theBoundsCatchARankThatDropsTheShareOfItsLastHop() {
        caught(RingFaults.lastShare(true));
    }

    @ParameterizedTest
    @EnumSource(names = {"SIGMOID", "SOFTMAX"})
    void theBoundsCatchTextGradientsThatComeHomeToTheWrongOwner(Loss kind) {
        caught(RingFaults.wrongOwner(kind));
    }

    @ParameterizedTest
    @EnumSource(names = {"SIGMOID", "SOFTMAX"})
    void theBoundsCatchTextGradientsDividedByTheNumberOfRanks(Loss kind) {
        caught(RingFaults.after(kind, (node, images, texts) -> RingFaults.scale(texts, 1f / node.ranks())));
    }

    @Test
    void theBoundsCatchAMissingHalf() {
        caught(RingFaults.after(SOFTMAX, (node, images, texts) -> {
            RingFaults.scale(images, 2);
            RingFaults.scale(texts, 2);
        }));
    }

    @Test
    void theBoundsCatchTheImageGradientsOfOneRankBeingOffByAHundredth() {
        caught(RingFaults.after(
                SIGMOID, (node, images, texts) -> RingFaults.scale(images, node.rank() == 1 ? 1.01f : 1)));
    }

    private static void caught(Fault fault) {
        assertThatThrownBy(() -> new Training(12, 3, 1, DuplicatePolicy.MASK).check(fault))
                .isInstanceOf(AssertionError.class)
                .hasMessageContaining("step 0, N = 12, D = 3")
                .hasMessageContaining("parameter");
    }

    /** A short training of both arms in turn. */
    private static final class Training {
        private final int ranks;
        private final Settings settings;
        private final GeneratedSource source;
        private final ModelSpec model;
        private final String what;

        Training(int pairs, int ranks, int cores, DuplicatePolicy duplicates) {
            this(pairs, ranks, cores, 1000, duplicates);
        }

        Training(int pairs, int ranks, int cores, int microBatch, DuplicatePolicy duplicates, String... more) {
            this.ranks = ranks;
            settings = settings(pairs, cores, microBatch, duplicates, more);
            source = new GeneratedSource(pairs, 9, 0, CONCEPTS);
            model = ModelSpec.of(settings.towers(), source.shape());
            what = "N = %d, D = %d, %d cores, %s, test.seed %d".formatted(pairs, ranks, cores, duplicates, SEED);
        }

        /** Trains, and holds the gradient of each step of each arm to the oracle. */
        void check(Fault fault) throws Exception {
            try (Circle circle = new Circle(ranks)) {
                SegmentPlan plan = plan(circle);
                List<Future<Void>> running = circle.start(node -> rank(node, plan, fault));
                circle.driver().assemble();
                List<Arm> arms = new ArrayList<>();
                for (LossSettings.Arm arm : settings.loss().arms()) {
                    arms.add(new Arm(arms.size(), arm, plan, circle));
                }
                arms.forEach(Arm::start);
                for (long step = 0; step < STEPS; step++) {
                    Batch whole = new Batch(source.shape(), source.batchSize());
                    source.opener().open(0, 1, Collections.emptyIterator()).read(step, whole);
                    for (Arm arm : arms) {
                        arm.step(step, whole);
                    }
                }
                for (Future<Void> rank : running) {
                    rank.get(30, TimeUnit.SECONDS);
                }
            }
        }

        private static Settings settings(
                int pairs, int cores, int microBatch, DuplicatePolicy duplicates, String... more) {
            List<String> assignments = new ArrayList<>(List.of(
                    "run.cores-per-rank=" + cores,
                    "training.batch-size=" + pairs,
                    "training.micro-batch-size=" + microBatch,
                    "training.steps=" + 2 * STEPS,
                    "training.warmup-steps=0",
                    "loss.duplicates="
                            + duplicates.name().toLowerCase(Locale.ROOT).replace('_', '-'),
                    "towers.width=8",
                    "towers.image.hidden=[7]",
                    "towers.image.activation=tanh",
                    "towers.image.input-dropout=0.25",
                    "towers.text.hidden=[6]",
                    "towers.text.activation=tanh",
                    "towers.table.buckets=16",
                    "towers.table.width=5",
                    "towers.table.deviation=0.5"));
            assignments.addAll(List.of(more));
            return SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()))
                    .settings();
        }

        private SegmentPlan plan(Circle circle) {
            return new SegmentPlan(
                    circle.driver().rendezvous(),
                    new Slices(source.batchSize(), ranks),
                    0,
                    STEPS,
                    List.of(0L, 0L),
                    SEED,
                    model,
                    settings.loss().arms().stream().map(SegmentPlan.Arm::of).toList(),
                    NUMERICS,
                    settings.run().coresPerRank(),
                    settings.training().microBatchSize().orElse(1000),
                    source.opener());
        }

        private static Void rank(RankNode node, SegmentPlan plan, Fault fault) {
            int rows = plan.rows().size(node.rank());
            RankBatches batches = plan.batches().open(node.rank(), plan.rows().ranks(), Collections.emptyIterator());
            Batch batch = new Batch(plan.model().shape(), rows);
            try (Lanes lanes = new Lanes(plan.numerics(), plan.cores())) {
                List<LaneTowers> towers = LaneTowers.open(plan, lanes, rows);
                List<ArmWorker> arms = new ArrayList<>();
                for (int arm = 0; arm < plan.arms().size(); arm++) {
                    LossExchange exchange = ArmWorker.exchange(arm, plan, node, lanes);
                    arms.add(new ArmWorker(
                            arm, plan, node, lanes, towers, fault.plant(arm, plan, node, lanes, exchange)));
                }
                arms.forEach(ArmWorker::start);
                for (long step = plan.from(); step < plan.to(); step++) {
                    batches.read(step, batch);
                    for (ArmWorker arm : arms) {
                        arm.step(step, batch, 0);
                    }
                }
                towers.forEach(LaneTowers::close);
            }
            return null;
        }

        /** One arm on the driver. */
        private final class Arm {
            private final SegmentPlan plan;
            private final ArmUpdate update;
            private final DriverReduction reduction;
            private final Gradient gradient;
            private List<CompletableFuture<ByteBuffer>> offers;

            Arm(int index, LossSettings.Arm arm, SegmentPlan plan, Circle circle) {
                this.plan = plan;
                ArmState state = new ArmState(index, arm, model.initial(SEED), LossSpec.initial(withBias(arm), 1));
                update = new ArmUpdate(state, model.decayed(), settings.training(), plan.pieces());
                reduction = new DriverReduction(circle.driver(), plan.pieces(), index);
                gradient = new Gradient(plan.pieces(), arm.loss().scalars().size());
            }

            private static LossSettings.Arm withBias(LossSettings.Arm arm) {
                Map<LossScalar, Double> initial = new EnumMap<>(LossScalar.class);
                initial.putAll(arm.initial());
                if (arm.loss().has(LossScalar.BIAS)) {
                    initial.put(LossScalar.BIAS, -1.5);
                }
                if (arm.loss().has(LossScalar.RELATIVE_BIAS)) {
                    initial.put(LossScalar.RELATIVE_BIAS, 0.2);
                }
                return new LossSettings.Arm(
                        arm.name(),
                        arm.form(),
                        initial,
                        arm.maxScale(),
                        arm.duplicates(),
                        arm.precision(),
                        arm.optimizer(),
                        arm.image(),
                        arm.text());
            }

            void start() {
                offers = reduction.offer(0);
                update.fillAll(reduction.parameters());
                for (int rank = 0; rank < ranks; rank++) {
                    reduction.send(rank, -1);
                }
            }

            void step(long step, Batch whole) {
                ArmState state = update.state();
                GradientOracle oracle = GradientOracle.of(
                        model,
                        state.arm().form(),
                        state.arm().duplicates(),
                        state.parameters(),
                        state.scalars().logits(),
                        whole,
                        SEED,
                        step,
                        NUMERICS.tile(),
                        ranks * plan.cores());
                Piece[] sums = reduction.await(offers);
                Loss loss = state.arm().loss();
                gradient.assemble(sums, RankScalars.total(loss, sums).sums().gradients(loss), source.batchSize());
                StepRecord record = update.take(sums, step, 1);
                oracle.check("%s, step %d, %s".formatted(state.arm().name(), step, what), record.loss(), gradient);
                if (step + 1 < STEPS) {
                    offers = reduction.offer(step + 1);
                }
                update.complete(record, reduction.parameters(), rank -> reduction.send(rank, step));
            }
        }
    }
}
