package siglip.job.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossScalar;
import siglip.kernels.blas.Precision;

class SettingsLoaderTest {
    @TempDir
    Path folder;

    @Test
    void theDefaultsAreTheComparisonOnTheSample() {
        Settings settings = set();

        assertThat(settings.data().path()).isEqualTo("data/emoji");
        assertThat(settings.loss().arms())
                .containsExactly(
                        TestArms.of("siglip", Loss.SIGMOID, Map.of(LossScalar.LOG_SCALE, 10.0)),
                        TestArms.of("clip", Loss.SOFTMAX, Map.of(LossScalar.LOG_SCALE, 1 / 0.07)));
    }

    @Test
    void assignmentsBeatPropertiesBeatEnvironmentBeatsFileBeatsDefaults() {
        SettingsSources.File file = new SettingsSources.File(
                "my.conf", "training { steps = 101, batch-size = 102, attempts = 103, warmup-steps = 4 }");
        Map<String, String> environment = Map.of(
                "CONFIG_FORCE_siglip_training_steps", "201",
                "CONFIG_FORCE_siglip_training_batch__size", "202",
                "CONFIG_FORCE_siglip_training_attempts", "203");
        Map<String, String> properties =
                Map.of("siglip.training.steps", "301", "siglip.training.batch-size", "302", "other.key", "1");
        List<String> assignments = List.of("training.steps=400", "siglip.training.steps=401");

        TrainingSettings training = SettingsLoader.load(
                        new SettingsSources(assignments, properties, environment, Optional.of(file)))
                .settings()
                .training();

        assertThat(training.steps()).isEqualTo(401);
        assertThat(training.batchSize()).isEqualTo(302);
        assertThat(training.attempts()).isEqualTo(203);
        assertThat(training.optimizer().warmupSteps()).isEqualTo(4);
        assertThat(training.optimizer().beta1()).isEqualTo(0.9);
    }

    @Test
    void aFileMayHoldTheRootOrLeaveItOutAndRefersToOtherSettingsEitherWay() {
        assertThat(file("siglip { run { seed = 7, ranks = ${siglip.run.cores-per-rank} } }")
                        .run())
                .isEqualTo(new RunSettings("compare", "runs", 7, 1, 1));
        assertThat(file("run { seed = 8, ranks = ${run.cores-per-rank} }").run())
                .isEqualTo(new RunSettings("compare", "runs", 8, 1, 1));
        assertThat(file("siglip.run.seed = 9\nrun.ranks = 4").run())
                .isEqualTo(new RunSettings("compare", "runs", 9, 4, 1));
    }

    @Test
    void allErrorsAreReportedAtOnceWithFileAndLine() {
        assertThat(errorsOf(
                        """
                        siglip {
                          training {
                            steps = many
                            learningrate = 1e-3
                          }
                          towers.table.buckets = 1000
                          loss.duplicates = keep
                        }
                        """,
                        "run.ranks=0"))
                .containsExactly(
                        "my.conf:4: unknown key training.learningrate (did you mean training.learning-rate?)",
                        "--set: run.ranks must be a whole number from 1 to 65536, found \"0\"",
                        "my.conf:6: towers.table.buckets must be a power of two, found 1000",
                        "my.conf:3: training.steps must be a whole number from 1 to 1000000000000, found \"many\"",
                        "my.conf:7: loss.duplicates must be one of ignore, mask, multi-positive, found \"keep\"");
    }

    @Test
    void anUnknownKeyIsRefusedFromEveryLayerWithASuggestionWhereOneIsNear() {
        assertThat(errorsOf("batch-size = 3\nzzz = 1\ntrainning.steps = 1", "evaluation.every=1"))
                .containsExactly(
                        "my.conf:1: unknown key batch-size (did you mean training.batch-size?)",
                        "--set: unknown key evaluation.every (did you mean evaluation.every-steps?)",
                        "my.conf:3: unknown key trainning (did you mean training?)",
                        "my.conf:2: unknown key zzz");
        assertThat(errorsOf("", "trainin.steps=1"))
                .containsExactly("--set: unknown key trainin (did you mean training?)");
        SettingsException refused = catchThrowableOfType(
                SettingsException.class,
                () -> SettingsLoader.load(new SettingsSources(
                        List.of(),
                        Map.of("siglip.trainig", "1"),
                        Map.of("CONFIG_FORCE_siglip_run_seeed", "1"),
                        Optional.empty())));
        assertThat(refused.errors())
                .containsExactlyInAnyOrder(
                        "-Dsiglip.trainig: unknown key trainig (did you mean training?)",
                        "CONFIG_FORCE_siglip_run_seeed: unknown key run.seeed (did you mean run.seed?)");
    }

    @Test
    void aSectionTakesNoValueAndAValueNoSection() {
        assertThat(errorsOf("training = 3\nrun.seed { a = 1 }"))
                .containsExactly(
                        "my.conf:1: training is a section and takes no value, found 3",
                        "my.conf:2: run.seed must be a whole number, found {\"a\":1}");
    }

    @Test
    void keysAndValuesOfArmsAreChecked() {
        assertThat(
                        errorsOf(
                                """
                        loss.arms = [
                          { name = a, loss = sigmoid, initial-scale = 10, initial-bais = -10 }
                          { name = a, loss = softmax, initial-scale = 300, initial-bias = -1 }
                          { loss = focal }
                        ]
                        """))
                .containsExactly(
                        "my.conf:2: unknown key loss.arms[0].initial-bais (did you mean loss.arms[0].initial-bias?)",
                        "my.conf:3: loss.arms[1].initial-scale must be at most loss.max-scale (200.0), found 300.0",
                        "my.conf:3: loss.arms[1].initial-bias must be left out: the softmax loss has no bias",
                        "my.conf:3: loss.arms[1].name must differ from that of the other arms, found \"a\" again",
                        "my.conf:4: loss.arms[2].name must be a text, found nothing",
                        "my.conf:4: loss.arms[2].loss must be one of sigmoid, sigmoid-relative, softmax, sigmoid-solved, hybrid, sigmoid-adaptive, found \"focal\"");
    }

    @Test
    void anArmTakesTheOptionsOfItsLossAndNoOthers() {
        assertThat(
                        errorsOf(
                                """
                        loss.arms = [
                          { name = a, loss = sigmoid, initial-scale = 10, positive-weight = 0 }
                          { name = b, loss = softmax, initial-scale = 10, positive-weight = 2 }
                          { name = c, loss = softmax, initial-scale = 10, positive-weight = null }
                          { name = d, loss = sigmoid, random-negatives = 0.5, hardest-negatives = 1, easiest-negatives = 0.1 }
                        ]
                        """))
                .containsExactly(
                        "my.conf:2: loss.arms[0].positive-weight must be a number from 1e-9 to 1e9, found 0",
                        "my.conf:3: loss.arms[1].positive-weight must be left out: the softmax loss has no positive-weight",
                        "my.conf:5: loss.arms[3].easiest-negatives must be left out: random-negatives says which negatives count");
    }

    @Test
    void anArmHasItsOwnOptimizerAndTowersByTheKeysOfTheBase() {
        List<LossSettings.Arm> arms = load(
                        """
                        training.beta2 = 0.98
                        towers.text.weight-decay = false
                        loss.arms = [
                          { name = a, loss = sigmoid, initial-scale = 10, training.beta2 = 0.999, training.clip-norm = 1 }
                          { name = b, loss = sigmoid, initial-scale = 10, towers.image { start = "models/x", learning-rate-factor = 0 } }
                          { name = c, loss = softmax, initial-scale = 10, training { optimizer = lion, warmup-steps = 3 }, towers.text.weight-decay = true }
                        ]
                        """,
                        "training.clip-norm=5",
                        "training.steps=5")
                .settings()
                .loss()
                .arms();

        assertThat(arms).extracting(arm -> arm.optimizer().beta2()).containsExactly(0.999, 0.98, 0.98);
        assertThat(arms)
                .extracting(arm -> arm.optimizer().clipNorm().orElseThrow())
                .containsExactly(1.0, 5.0, 5.0);
        assertThat(arms).extracting(arm -> arm.optimizer().warmupSteps()).containsExactly(5L, 5L, 3L);
        assertThat(arms)
                .extracting(arm -> arm.optimizer().kind())
                .containsExactly(
                        OptimizerSettings.Kind.ADAMW, OptimizerSettings.Kind.ADAMW, OptimizerSettings.Kind.LION);
        assertThat(arms)
                .extracting(LossSettings.Arm::image)
                .containsExactly(
                        TowerTraining.WHOLE, new TowerTraining(Optional.of("models/x"), 0, true), TowerTraining.WHOLE);
        assertThat(arms).extracting(arm -> arm.text().weightDecay()).containsExactly(false, false, true);
        assertThat(load(
                                "loss.arms = [{ name = a, loss = sigmoid, initial-scale = 10, training.clip-norm = null }]",
                                "training.clip-norm=5")
                        .settings()
                        .loss()
                        .arms()
                        .get(0)
                        .optimizer()
                        .clipNorm())
                .as("null takes the base's away")
                .isEmpty();
    }

    @Test
    void scalarsStartAsAPresetSaysUnlessTheyAreSet() {
        List<Map<LossScalar, Double>> starts = load(
                        """
                        loss.arms = [
                          { name = a, loss = sigmoid }
                          { name = b, loss = sigmoid, start = paper }
                          { name = c, loss = sigmoid, start = open-clip, initial-bias = -3 }
                          { name = d, loss = softmax, start = paper }
                          { name = e, loss = sigmoid-solved, start = paper }
                        ]
                        """)
                .settings()
                .loss()
                .arms()
                .stream()
                .map(LossSettings.Arm::initial)
                .toList();

        assertThat(starts)
                .containsExactly(
                        Map.of(LossScalar.LOG_SCALE, 10.0),
                        Map.of(LossScalar.LOG_SCALE, 10.0, LossScalar.BIAS, -10.0),
                        Map.of(LossScalar.LOG_SCALE, 10.0, LossScalar.BIAS, -3.0),
                        Map.of(LossScalar.LOG_SCALE, 1 / 0.07),
                        Map.of(LossScalar.LOG_SCALE, 10.0));
        assertThat(errorsOf("loss.arms = [{ name = a, loss = sigmoid, start = papre }]"))
                .containsExactly(
                        "my.conf:1: loss.arms[0].start must be one of calibrated, paper, open-clip, found \"papre\"");
    }

    @Test
    void whatIsWrongWithAnArmIsToldOfTheArmAndWhatIsWrongWithTheBaseOnce() {
        assertThat(
                        errorsOf(
                                """
                        training.beta1 = 2
                        towers.image.learning-rate-factor = -1
                        loss.arms = [
                          { name = a, loss = sigmoid, initial-scale = 10, training.beta2 = 1, training.warmup-steps = 1000 }
                          { name = b, loss = sigmoid, initial-scale = 10, training.batch-size = 64 }
                          { name = c, loss = sigmoid, initial-scale = 10, training = 5, towers.image.strat = x }
                        ]
                        """))
                .containsExactly(
                        "my.conf:1: training.beta1 must be a number from 0 to below 1, found 2",
                        "my.conf:2: towers.image.learning-rate-factor must be a number from 0 to 1e30, found -1",
                        "my.conf:5: unknown key loss.arms[1].training.batch-size: an arm has no training.batch-size of its own, set that for all",
                        "my.conf:6: unknown key loss.arms[2].towers.image.strat (did you mean loss.arms[2].towers.image.start?)",
                        "my.conf:6: unknown key loss.arms[2].training: an arm has no training of its own, set that for all",
                        "my.conf:4: loss.arms[0].training.warmup-steps must be at most training.steps (720), found 1000",
                        "my.conf:4: loss.arms[0].training.beta2 must be a number from 0 to below 1, found 1");
    }

    @Test
    void settingsAreCheckedAgainstEachOther() {
        assertThat(errorsOf("run.ranks = 300\ntraining.steps = 5\ntraining.warmup-steps = 20\ndata.left-out-every = 1"))
                .containsExactly(
                        "my.conf:4: data.left-out-every must not be 1: every concept would be left out and none remain to train on; 0 leaves none out",
                        "my.conf:3: training.warmup-steps must be at most training.steps (5), found 20",
                        "my.conf:1: training.batch-size must be at least run.ranks (300),"
                                + " so that each rank has a pair, found 256");
    }

    @Test
    void severalTextsOfAnImageFillTheBatchAndAreNoNegativesOfIt() {
        assertThat(load("", "training.texts-per-image=2", "loss.duplicates=multi-positive")
                        .settings()
                        .training()
                        .textsPerImage())
                .isEqualTo(2);
        assertThat(errorsOf("training.texts-per-image = 3"))
                .containsExactly(
                        "my.conf:1: training.batch-size must be a multiple of training.texts-per-image (3), found 256",
                        "my.conf:1: training.texts-per-image must be 1 where loss.duplicates, or that of an arm, is ignore: an image would be"
                                + " pushed away from its own texts. Set loss.duplicates = multi-positive");
    }

    @Test
    void anArmMayHaveALargestScaleDuplicatesAndAPrecisionOfItsOwn() {
        String arms = "loss { max-scale = 150, duplicates = mask, arms = [{ name = a, loss = sigmoid },"
                + " { name = b, loss = softmax, max-scale = 100, duplicates = ignore, precision = bf16%s }] }";

        List<LossSettings.Arm> read = load(arms.formatted("")).settings().loss().arms();

        assertThat(read).extracting(LossSettings.Arm::maxScale).containsExactly(150.0, 100.0);
        assertThat(read)
                .extracting(LossSettings.Arm::duplicates)
                .containsExactly(DuplicatePolicy.MASK, DuplicatePolicy.IGNORE);
        assertThat(read)
                .extracting(LossSettings.Arm::precision)
                .containsExactly(Optional.empty(), Optional.of(Precision.BF16));
        assertThat(errorsOf(arms.formatted(", initial-scale = 120")))
                .containsExactly(
                        "my.conf:1: loss.arms[1].initial-scale must be at most max-scale (100.0), found 120.0");
        assertThat(errorsOf(arms.replace("bf16%s", "auto").replace("max-scale = 100", "max-scale = 0.5")))
                .hasSize(2)
                .anyMatch(error -> error.contains("loss.arms[1].max-scale must be"))
                .anyMatch(error -> error.contains("loss.arms[1].precision must be one of fp32, bf16, found \"auto\""));
        assertThat(errorsOf(arms.formatted(""), "training.texts-per-image=2"))
                .singleElement()
                .asString()
                .contains("must be 1 where loss.duplicates, or that of an arm, is ignore");
    }

    @Test
    void theDefaultWarmUpGivesWayToAShortTrainingAndOneThatWasSetDoesNot() {
        LoadedSettings loaded = load("", "training.steps=5");

        assertThat(loaded.settings().training().optimizer().warmupSteps()).isEqualTo(5);
        assertThat(load(loaded.rendered()).settings()).isEqualTo(loaded.settings());
        assertThat(errorsOf("", "training.steps=5", "training.warmup-steps=6"))
                .containsExactly("--set: training.warmup-steps must be at most training.steps (5), found 6");
    }

    @Test
    void numbersThatAreNotNumbersAreRefused() {
        assertThat(errorsOf("", "training.learning-rate=NaN", "training.epsilon=1e999", "training.beta1=0x1p-1"))
                .hasSize(3)
                .allMatch(error -> error.startsWith("--set: training."));
    }

    @Test
    void aFileThatIsNotHoconIsRefusedWithItsLine() {
        assertThat(errorsOf("run {\n  seed = 1\n")).singleElement().asString().startsWith("my.conf:3: ");
        assertThat(errorsOf("run.seed = ${nowhere}")).singleElement().asString().startsWith("my.conf:1: ");
        assertThat(errorsOf("", "run.seed", "run..seed=1"))
                .hasSize(2)
                .contains("--set run.seed: write key=value")
                .anyMatch(error -> error.startsWith("--set: cannot read run..seed=1: "));
    }

    @Test
    void settingsThatAreNestedTooDeepAreRefused() {
        String deep = "[".repeat(100_000);
        assertThat(errorsOf("a = " + deep)).singleElement().asString().contains("my.conf", "nested too deep");
        assertThat(errorsOf("", "run.name=" + deep)).singleElement().asString().contains("--set", "nested too deep");
    }

    @Test
    void settingsThatGrowByWhatTheyReferToAreRefusedBeforeTheyFillTheMemory() {
        for (String twice : List.of("${%s}${%s}", "[${%s}, ${%s}]", "${%s} ${%s} x", "{ a = ${%s}, b = ${?%s} }")) {
            StringBuilder doubled = new StringBuilder("x0 = [y]\nx0 = y\n");
            StringBuilder ofItself = new StringBuilder("x = y\n");
            for (int i = 1; i <= 40; i++) {
                String before = "x" + (i - 1);
                doubled.append("x%d = %s%n".formatted(i, twice.formatted(before, "siglip." + before)));
                ofItself.append("x = %s%n".formatted(twice.formatted("x", "x")));
            }
            for (String text :
                    List.of(doubled.toString(), twice.startsWith("{") ? doubled.toString() : ofItself.toString())) {
                assertThat(errorsOf(text))
                        .as(text)
                        .singleElement()
                        .asString()
                        .containsPattern("my\\.conf: ?[\\d-]+: .*'x[\\w.]*'.*may become longer than 16 MiB");
            }
        }
        assertThat(file("data.path = /data/${run.name}\nrun.out = ${data.path}/${data.path}\n"
                                + "data.columns.classes = []\n"
                                + "data.columns.classes += ${run.name}\n".repeat(12))
                        .run()
                        .out())
                .isEqualTo("/data/compare//data/compare");
    }

    @Test
    void aFileIncludesNoOther() throws Exception {
        Path other = Files.writeString(folder.resolve("other.conf"), "run.seed = 5");
        for (String what : List.of(
                "\"other.conf\"",
                "\"" + other + "\"",
                "file(\"" + other + "\")",
                "url(\"http://127.0.0.1:1/other.conf\")",
                "url(\"" + other.toUri() + "\")",
                "classpath(\"reference.conf\")",
                "required(file(\"" + other + "\"))")) {
            assertThat(errorsOf("run {\n include " + what + "\n}"))
                    .as(what)
                    .singleElement()
                    .asString()
                    .startsWith("my.conf: include ")
                    .endsWith(
                            "settings stand in one file, which includes no others: put them there, or give them by --set");
            assertThat(errorsOf("", "run={ include " + what + " }"))
                    .as(what)
                    .singleElement()
                    .asString()
                    .contains("settings stand in one file");
        }
    }

    @Test
    void theRootTakesNoValue() {
        assertThat(errorsOf("", "siglip=null", "siglip={run {ranks = 3}}"))
                .hasSize(2)
                .allMatch(error -> error.startsWith("--set: siglip is the root of all settings"));
    }

    @Test
    void theRenderedSettingsLoadAgainToTheSameSettings() {
        LoadedSettings loaded = load(
                "loss.arms = [{name = a, loss = sigmoid, initial-scale = 5}]\ndata.train = \"a = 'b'\"", "run.seed=5");

        LoadedSettings again = load(loaded.rendered());

        assertThat(again.settings()).isEqualTo(loaded.settings());
        assertThat(again.rendered()).isEqualTo(loaded.rendered());
    }

    @Test
    void heldOutRowsAreDrawnOrChosenNotBoth() {
        assertThat(set("data.test=null", "data.test-share=0.1").data().testShare())
                .hasValue(0.1);
        assertThat(errorsOf("", "data.test-share=0.1"))
                .singleElement()
                .asString()
                .startsWith("--set: data.test-share must be null where data.test is set");
    }

    @Test
    void theRenderedSettingsHoldNoSecrets() {
        assertThat(load("run.out = \"s3a://bucket/y@z\"", "data.columns.key=id").rendered())
                .contains("s3a://bucket/y@z", "key=id");
        Config secrets = ConfigFactory.parseString(
                "a { secret-key = hush, accessKey = hush, password = hush, auth-token = hush, key = shown, tokens = 30 }");
        assertThat(RenderedSettings.of(RenderedSettings.withoutSecrets(secrets)))
                .doesNotContain("hush")
                .contains("shown", "30");
    }

    @Test
    void anAddressWithALoginIsRefused() {
        assertThat(errorsOf("data.path = \"s3a://me:hush@bucket/x\""))
                .singleElement()
                .asString()
                .contains("data.path holds a login", "s3a://(redacted)@bucket/x", "spark.hadoop.fs.s3a.access.key")
                .doesNotContain("hush");
    }

    @Test
    void aFileIsReadThroughHadoop() throws Exception {
        Path file = Files.writeString(folder.resolve("with blank.conf"), "run.seed = 5");

        SettingsSources.File read = SettingsSources.File.read(file.toString(), Map.of());

        assertThat(read.text()).isEqualTo("run.seed = 5");
        SettingsException missing = catchThrowableOfType(
                SettingsException.class,
                () -> SettingsSources.File.read(folder.resolve("none.conf").toString(), Map.of()));
        assertThat(missing.errors())
                .singleElement()
                .asString()
                .startsWith("--config ")
                .endsWith("none.conf: there is no such file");
        Path endless = Files.write(folder.resolve("long.conf"), new byte[(1 << 20) + 1]);
        assertThat(catchThrowableOfType(
                        SettingsException.class, () -> SettingsSources.File.read(endless.toString(), Map.of())))
                .hasMessageContaining("longer than 1 MiB");
    }

    static Settings set(String... assignments) {
        return load("", assignments).settings();
    }

    private static Settings file(String text) {
        return load(text).settings();
    }

    private static LoadedSettings load(String file, String... assignments) {
        return SettingsLoader.load(new SettingsSources(
                List.of(assignments), Map.of(), Map.of(), Optional.of(new SettingsSources.File("my.conf", file))));
    }

    private static List<String> errorsOf(String file, String... assignments) {
        SettingsException refused = catchThrowableOfType(SettingsException.class, () -> load(file, assignments));
        assertThat(refused).as("refused").isNotNull();
        return refused.errors();
    }
}
