package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.assertj.core.api.Assumptions.assumeThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.SparkConf;
import org.apache.spark.api.java.JavaSparkContext;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import siglip.job.batches.BatchSource;
import siglip.job.config.LossSettings;
import siglip.job.config.Settings;
import siglip.job.config.SettingsLoader;
import siglip.job.config.SettingsSources;
import siglip.job.config.TestArms;
import siglip.job.formats.DataException;
import siglip.job.losses.LossSpec;
import siglip.job.stage.Phase;
import siglip.job.stage.TrainingException;
import siglip.job.towers.ModelSpec;
import siglip.kernels.Loss;
import siglip.kernels.LossScalar;
import siglip.kernels.LossScalars;
import siglip.kernels.blas.MatrixProducts;
import siglip.kernels.blas.Precision;

class TrainerIT {
    private static final int BATCH = 34;
    private static JavaSparkContext spark;

    @BeforeAll
    static void start() {
        spark = new JavaSparkContext(new SparkConf()
                .setMaster("local[4]")
                .setAppName("trainer")
                .set("spark.ui.enabled", "false")
                .set("spark.driver.host", "127.0.0.1")
                .set("spark.driver.bindAddress", "127.0.0.1"));
    }

    @AfterAll
    static void stop() {
        spark.stop();
    }

    /** What a training leaves behind. */
    private record Trained(List<StepRecord> steps, List<String> incidents, Trainer trainer) {
        double lastLoss(String arm) {
            return steps.stream()
                    .filter(step -> step.arm().equals(arm))
                    .reduce((a, b) -> b)
                    .orElseThrow()
                    .loss();
        }
    }

    private static Settings settings(int ranks, String... more) {
        List<String> assignments = new ArrayList<>(List.of(
                "run.ranks=" + ranks,
                "training.batch-size=" + BATCH,
                "training.steps=50",
                "training.warmup-steps=5",
                "towers.width=16",
                "towers.image.hidden=[24]",
                "towers.text.hidden=[20]",
                "towers.table.buckets=16",
                "towers.table.width=8"));
        assignments.addAll(List.of(more));
        return SettingsLoader.load(new SettingsSources(assignments, Map.of(), Map.of(), Optional.empty()))
                .settings();
    }

    /** With an arm that no settings describe. */
    private static Settings withFirstArm(LossSettings.Arm arm, Settings settings) {
        LossSettings loss = settings.loss();
        List<LossSettings.Arm> arms = new ArrayList<>(loss.arms());
        arms.set(0, arm);
        return settings.with(new LossSettings(arms, loss.duplicates(), loss.numerics()));
    }

    private static Trained train(Settings settings, long... segments) {
        return train(settings, new GeneratedSource(BATCH, 12, 0, 30), segments);
    }

    private static Trained train(Settings settings, BatchSource source, long... segments) {
        return train(settings, source, Optional.empty(), segments);
    }

    private static Trained train(
            Settings settings, BatchSource source, Optional<TrainingSnapshot> from, long... segments) {
        List<StepRecord> steps = new ArrayList<>();
        List<String> incidents = new ArrayList<>();
        Trainer trainer = new Trainer(
                spark, settings, ModelSpec.of(settings.towers(), source.shape()), source, new TrainingListener() {
                    @Override
                    public void step(StepRecord step) {
                        steps.add(step);
                    }

                    @Override
                    public void incident(String text) {
                        incidents.add(text);
                    }
                });
        from.ifPresent(trainer::restore);
        for (long to : segments) {
            trainer.run(to);
        }
        return new Trained(steps, incidents, trainer);
    }

    @Test
    void bothArmsLearnOnTheSameBatchesAndSayWhereTheTimeWent() {
        Trained trained = train(settings(2), 50);

        assertThat(trained.incidents).isEmpty();
        assertThat(trained.steps).hasSize(100);
        for (String arm : List.of("siglip", "clip")) {
            List<StepRecord> steps = trained.steps.stream()
                    .filter(step -> step.arm().equals(arm))
                    .toList();
            assertThat(steps)
                    .extracting(StepRecord::step)
                    .isSorted()
                    .doesNotHaveDuplicates()
                    .hasSize(50);
            assertThat(steps.get(49).loss())
                    .as(arm)
                    .isLessThan(0.8 * steps.get(0).loss());
            assertThat(steps).allSatisfy(step -> assertThat(step.ranks()).hasSize(2));
            assertThat(steps)
                    .allSatisfy(step -> assertThat(step.ranks().get(1).seconds().get(Phase.FORWARD))
                            .isPositive());
        }
        int half = BATCH / 2;
        int floats = 2 * (2 - 1) * half * 16; // 2 (D - 1) n d, and the concept ids
        assertThat(trained.steps.get(0).ranks().get(0).ringBytes()).isEqualTo(4L * (floats + half));
    }

    @Test
    void everyTensorIsMeasuredWhenItIsDueAndTheTrainingIsTheSame() {
        Trained measured = train(settings(2, "measure.every-steps=7"), 20);
        Trained alone = train(settings(2, "measure.every-steps=0"), 20);

        assertThat(measured.steps)
                .extracting(StepRecord::loss)
                .isEqualTo(alone.steps.stream().map(StepRecord::loss).toList());
        assertThat(alone.steps).allSatisfy(step -> assertThat(step.tensors()).isEmpty());
        for (StepRecord step : measured.steps) {
            assertThat(step.tensors()).as("step %d", step.step()).hasSize(step.step() % 7 == 0 ? 9 : 0);
            if (!step.tensors().isEmpty()) {
                double squares = step.tensors().stream()
                        .mapToDouble(tensor -> tensor.gradientNorm() * tensor.gradientNorm())
                        .sum();
                assertThat(Math.sqrt(squares))
                        .as("together they are the towers' gradient")
                        .isCloseTo(step.towerGradientNorm(), within(1e-6 * step.towerGradientNorm()));
                assertThat(Math.hypot(step.towerGradientNorm(), step.scalarGradientNorm()))
                        .isCloseTo(step.gradientNorm(), within(1e-12 * step.gradientNorm()));
            }
        }
    }

    @Test
    void theSameSeedAndRanksGiveTheSameBitsHoweverTheRunIsCutIntoSegments() {
        Trained once = train(settings(2), 50);
        Trained again = train(settings(2), 17, 50);

        for (int arm = 0; arm < 2; arm++) {
            assertThat(again.trainer.arms().get(arm).values().dense())
                    .isEqualTo(once.trainer.arms().get(arm).values().dense());
            assertThat(again.trainer.arms().get(arm).values().table())
                    .isEqualTo(once.trainer.arms().get(arm).values().table());
            assertThat(again.trainer.arms().get(arm).scalars())
                    .isEqualTo(once.trainer.arms().get(arm).scalars());
        }
    }

    @Test
    void aTrainingRestoredFromASnapshotInMidSegmentGoesOnBitForBit() {
        Trained undisturbed = train(settings(2), 50);
        TrainingSnapshot snapshot = snapshotAt(23, settings(2));

        Trained resumed = resume(settings(2), snapshot);

        assertThat(snapshot.step()).isEqualTo(23);
        assertThat(resumed.steps)
                .extracting(StepRecord::step)
                .startsWith(23L, 23L, 24L)
                .hasSize(2 * 27);
        for (int arm = 0; arm < 2; arm++) {
            assertThat(resumed.trainer.arms().get(arm).values().dense())
                    .isEqualTo(undisturbed.trainer.arms().get(arm).values().dense());
            assertThat(resumed.trainer.arms().get(arm).values().table())
                    .isEqualTo(undisturbed.trainer.arms().get(arm).values().table());
            assertThat(resumed.trainer.arms().get(arm).scalars())
                    .isEqualTo(undisturbed.trainer.arms().get(arm).scalars());
        }
        assertThat(losses(resumed)).isEqualTo(losses(undisturbed).subList(2 * 23, 2 * 50));
    }

    @Test
    void aTrainingGoesOnWithAnotherNumberOfRanksOnTheSameCurveToRounding() {
        List<Double> undisturbed = losses(train(settings(2), 50)).subList(2 * 23, 2 * 50);
        TrainingSnapshot snapshot = snapshotAt(23, settings(2));

        for (int ranks : new int[] {1, 3}) {
            Trained resumed = resume(settings(ranks), snapshot);

            assertThat(resumed.incidents).as("numerics do not name the ranks").isEmpty();
            List<Double> losses = losses(resumed);
            for (int i = 0; i < losses.size(); i++) {
                assertThat(losses.get(i))
                        .as("D = %d, record %d after the resume", ranks, i)
                        .isCloseTo(undisturbed.get(i), within(1e-4 * undisturbed.get(i)));
            }
        }
    }

    /** Each as if it had been set for all. */
    @ParameterizedTest
    @ValueSource(strings = {"duplicates = mask", "max-scale = 8", "precision = bf16"})
    void anArmsOwnSettingIsTheSameAsThatForAll(String own) {
        if (own.endsWith("bf16")) {
            assumeThat(bf16Here()).as("the processor multiplies bf16").isTrue();
        }
        String arms = "loss.arms=[{ name = siglip, loss = sigmoid%s }," + " { name = clip, loss = softmax }]";
        BatchSource repeating = new GeneratedSource(BATCH, 12, 0, 5);
        Settings alone = settings(2, arms.formatted(", " + own), "training.learning-rate=0.02");
        Settings all =
                settings(2, arms.formatted(""), "training.learning-rate=0.02", "loss." + own.replace(" = ", "="));
        Settings plain = settings(2, arms.formatted(""), "training.learning-rate=0.02");

        List<StepRecord> found = train(alone, repeating, 20).steps;
        List<StepRecord> forAll = train(all, repeating, 20).steps;
        List<StepRecord> without = train(plain, repeating, 20).steps;

        assertThat(losses(found, "siglip")).isEqualTo(losses(forAll, "siglip")).isNotEqualTo(losses(without, "siglip"));
        assertThat(losses(found, "clip")).isEqualTo(losses(without, "clip")).isNotEqualTo(losses(forAll, "clip"));
    }

    private static int shuffles() {
        return spark.statusTracker().getJobIdsForGroup("compare-shuffle-1").length;
    }

    private static boolean bf16Here() {
        try (MatrixProducts products = MatrixProducts.open("auto", "auto")) {
            return products.precision() == Precision.BF16;
        }
    }

    private static List<Double> losses(List<StepRecord> steps, String arm) {
        return steps.stream()
                .filter(step -> step.arm().equals(arm))
                .map(StepRecord::loss)
                .toList();
    }

    /** Two ranks, each of whose pairs takes 1.5 s at the place: more than ring.hello-timeout, and more than ring.silence. */
    @ParameterizedTest
    @EnumSource
    void shufflingAndReadingTakeTheirTimeAndNoClockRunsMeanwhile(SlowSource.Place place) {
        Settings settings = settings(2, "ring.hello-timeout=1 s", "ring.silence=1 s", "ring.heartbeat=200 ms");
        BatchSource source = new GeneratedSource(BATCH, 12, 0, 30);

        SlowSource.WRITTEN.set(0);
        int shuffles = shuffles();

        Trained slow = train(settings, new SlowSource(source, spark, place, 1500), 3);

        assertThat(slow.incidents).isEmpty();
        assertThat(SlowSource.WRITTEN).as("a pair for each rank, once").hasValue(2);
        assertThat(shuffles() - shuffles)
                .as("jobs that do nothing but shuffle")
                .isEqualTo(place == SlowSource.Place.SHUFFLE ? 1 : 0);
        assertThat(losses(slow.steps, "siglip"))
                .isEqualTo(losses(train(settings, source, 3).steps, "siglip"))
                .hasSize(3);
    }

    @Test
    void gradientsAtParametersThatStayAreThoseOfTraining() {
        Settings settings = settings(2);
        List<StepRecord> first = train(settings, 1).steps;
        BatchSource source = new GeneratedSource(BATCH, 12, 0, 30);
        ModelSpec model = ModelSpec.of(settings.towers(), source.shape());
        List<FrozenModels.Point> points = new ArrayList<>();
        for (LossSettings.Arm arm : settings.loss().arms()) {
            ArmState start = new ArmState(0, arm, model.initial(settings.run().seed()), LossSpec.initial(arm, BATCH));
            points.add(new FrozenModels.Point(arm, start.values()));
        }
        List<Double> losses = new ArrayList<>();
        List<Double> norms = new ArrayList<>();
        BatchSource failing = new FailingSource(source, 1, 2);

        new FrozenModels(spark, settings, model, failing, new Silent())
                .gradients(points, 4, (point, batch, loss, gradient) -> {
                    assertThat(losses).as("each once, in order").hasSize((int) (2 * batch + point));
                    losses.add(loss);
                    norms.add(gradient.wholeNorm());
                });

        assertThat(losses).hasSize(8);
        for (int arm = 0; arm < 2; arm++) {
            assertThat(losses.get(arm)).isEqualTo(first.get(arm).loss());
            assertThat(norms.get(arm)).isEqualTo(first.get(arm).gradientNorm());
        }
    }

    @Test
    void aLossThatIsNoNumberAtTheseParametersIsNamed() {
        Settings settings = settings(2);
        BatchSource source = new GeneratedSource(BATCH, 12, 0, 30);
        ModelSpec model = ModelSpec.of(settings.towers(), source.shape());
        LossSettings.Arm arm = settings.loss().arms().get(0);
        ArmState start = new ArmState(0, arm, model.initial(1), LossScalars.of(Loss.SIGMOID, Math.log(10), 1e308));
        FrozenModels models = new FrozenModels(spark, settings, model, source, new Silent());

        assertThatThrownBy(() -> models.gradients(
                        List.of(new FrozenModels.Point(arm, start.values())), 2, (point, batch, loss, gradient) -> {}))
                .isInstanceOf(DataException.class)
                .hasMessageContaining("gradient of siglip: its loss is ");
    }

    private static final class Silent implements TrainingListener {
        @Override
        public void step(StepRecord step) {}

        @Override
        public void incident(String text) {}
    }

    @Test
    void aSnapshotOfOtherArmsOrAnotherModelIsRefused() {
        TrainingSnapshot snapshot = snapshotAt(3, settings(2));

        assertThatThrownBy(() -> resume(settings(2, "loss.arms=[{name=x,loss=softmax,initial-scale=10}]"), snapshot))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("arms [siglip, clip]: this training has [x]");
        assertThatThrownBy(() -> resume(settings(2, "towers.width=8"), snapshot))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("another model");
    }

    /** The snapshot that a training of 50 steps gives out after {@code step} of them, and that all steps before it were told. */
    private static TrainingSnapshot snapshotAt(long step, Settings settings) {
        List<TrainingSnapshot> snapshots = new ArrayList<>();
        List<StepRecord> steps = new ArrayList<>();
        BatchSource source = new GeneratedSource(BATCH, 12, 0, 30);
        new Trainer(spark, settings, ModelSpec.of(settings.towers(), source.shape()), source, new TrainingListener() {
                    @Override
                    public void step(StepRecord record) {
                        steps.add(record);
                    }

                    @Override
                    public void incident(String text) {}

                    @Override
                    public boolean wantsSnapshot(long completed) {
                        return completed == step;
                    }

                    @Override
                    public void snapshot(TrainingSnapshot snapshot) {
                        assertThat(steps.stream().filter(record -> record.step() < step))
                                .as("told before the snapshot")
                                .hasSize((int) (2 * step));
                        snapshots.add(snapshot);
                    }
                })
                .run(50);
        assertThat(snapshots).hasSize(1);
        return snapshots.get(0);
    }

    private static Trained resume(Settings settings, TrainingSnapshot snapshot) {
        return train(settings, new GeneratedSource(BATCH, 12, 0, 30), Optional.of(snapshot), 50);
    }

    private static List<Double> losses(Trained trained) {
        return trained.steps.stream().map(StepRecord::loss).toList();
    }

    @Test
    void theNumberOfRanksChangesTheLossByNoMoreThanRounding() {
        Trained one = train(settings(1), 50);
        for (int ranks : new int[] {2, 3, 4}) {
            Trained more = train(settings(ranks), 50);
            for (String arm : List.of("siglip", "clip")) {
                assertThat(more.lastLoss(arm))
                        .as("%s, D = %d", arm, ranks)
                        .isCloseTo(one.lastLoss(arm), within(1e-4 * one.lastLoss(arm)));
            }
        }
    }

    @Test
    void theCoresOfARankChangeTheLossByNoMoreThanRoundingAndRepeatBitForBit() {
        Trained one = train(settings(2), 50);
        Trained two = train(settings(2, "run.cores-per-rank=2"), 50);
        Trained again = train(settings(2, "run.cores-per-rank=2"), 50);
        for (int arm = 0; arm < 2; arm++) {
            assertThat(again.trainer.arms().get(arm).values().dense())
                    .isEqualTo(two.trainer.arms().get(arm).values().dense());
        }
        for (String arm : List.of("siglip", "clip")) {
            assertThat(two.lastLoss(arm)).as(arm).isCloseTo(one.lastLoss(arm), within(1e-4 * one.lastLoss(arm)));
        }
    }

    @Test
    void aBatchThatCannotBeReadEndsTheAttemptAndTheNextGoesOnFromTheLastStep() {
        Trained undisturbed = train(settings(2), 50);
        BatchSource failing = new FailingSource(new GeneratedSource(BATCH, 12, 0, 30), 1, 23);
        Trained trained = train(settings(2), failing, 50);

        assertThat(trained.incidents).hasSize(1);
        assertThat(trained.incidents.get(0))
                .contains("step 23")
                .contains("Rank 1 failed")
                .contains("a broken disk");
        assertThat(trained.steps).hasSize(100);
        assertThat(trained.trainer.arms().get(0).values().dense())
                .isEqualTo(undisturbed.trainer.arms().get(0).values().dense());
    }

    @Test
    void numericsThatARankDoesNotHaveEndTheRunAtOnceWithTheReason() {
        assertThatThrownBy(() -> train(settings(2, "loss.products=openblas", "loss.precision=bf16"), 10))
                .isInstanceOf(TrainingException.class)
                .hasMessageStartingWith("Cannot go on: attempt 1")
                .hasMessageContaining("bf16")
                .hasMessageContaining("openblas");
    }

    @Test
    void anArmThatDivergesStopsAndTheOtherGoesOn() {
        LossSettings.Arm wild =
                TestArms.of("wild", Loss.SIGMOID, Map.of(LossScalar.LOG_SCALE, 10d, LossScalar.BIAS, 1e308));
        Trained trained = train(withFirstArm(wild, settings(2)), 20);

        assertThat(trained.incidents).hasSize(1);
        assertThat(trained.incidents.get(0)).contains("arm wild stopped").contains("at step 0");
        assertThat(trained.steps.stream().filter(step -> step.arm().equals("clip")))
                .hasSize(20);
        assertThat(trained.steps.stream().filter(step -> step.arm().equals("wild")))
                .hasSize(1);
    }
}
