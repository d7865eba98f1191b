package siglip.job.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigValue;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossForm;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;

/** Every setting has a default, a comment, and a case here. */
class SettingsCoverageTest {
    /** A value that will do and what it becomes, and one that will not. */
    private record Case(String key, String good, Object becomes, Function<Settings, Object> field, String bad) {
        @Override
        public String toString() {
            return key;
        }
    }

    static List<Case> cases() {
        return List.of(
                new Case("run.name", "first", "first", s -> s.run().name(), "a/b"),
                new Case("run.out", "s3a://b/r", "s3a://b/r", s -> s.run().out(), "null"),
                new Case("run.seed", "-7", -7L, s -> s.run().seed(), "0.5"),
                new Case("run.ranks", "3", 3, s -> s.run().ranks(), "0"),
                new Case("run.cores-per-rank", "2", 2, s -> s.run().coresPerRank(), "0"),
                new Case("data.path", "hdfs:/p", "hdfs:/p", s -> s.data().path(), "null"),
                new Case(
                        "data.format",
                        "webdataset",
                        DataSettings.Format.WEBDATASET,
                        s -> s.data().format(),
                        "zip"),
                new Case("data.columns.image", "i", "i", s -> s.data().columns().image(), "null"),
                new Case(
                        "data.columns.image-kind",
                        "raw",
                        DataSettings.Kind.RAW,
                        s -> s.data().columns().imageKind(),
                        "bytes"),
                new Case(
                        "data.columns.text",
                        "[t, u]",
                        List.of("t", "u"),
                        s -> s.data().columns().text(),
                        "null"),
                new Case(
                        "data.scaling.image",
                        "unit",
                        DataSettings.Scaling.UNIT,
                        s -> s.data().imageScaling(),
                        "l2"),
                new Case(
                        "data.scaling.text",
                        "none",
                        DataSettings.Scaling.NONE,
                        s -> s.data().textScaling(),
                        "raw"),
                new Case(
                        "data.columns.text-kind",
                        "features",
                        DataSettings.Kind.FEATURES,
                        s -> s.data().columns().textKind(),
                        "words"),
                new Case(
                        "data.columns.keywords",
                        "null",
                        Optional.empty(),
                        s -> s.data().columns().keywords(),
                        "[a]"),
                new Case(
                        "data.columns.concept",
                        "c",
                        Optional.of("c"),
                        s -> s.data().columns().concept(),
                        "[a]"),
                new Case(
                        "data.columns.classes",
                        "[a, b]",
                        List.of("a", "b"),
                        s -> s.data().columns().classes(),
                        "a"),
                new Case(
                        "data.columns.key",
                        "id",
                        Optional.of("id"),
                        s -> s.data().columns().key(),
                        "{a = 1}"),
                new Case(
                        "data.train",
                        "a = 'b'",
                        Optional.of("a = 'b'"),
                        s -> s.data().train(),
                        "[a]"),
                new Case("data.test", "null", Optional.empty(), s -> s.data().test(), "[a]"),
                new Case(
                        "data.test-share",
                        "null",
                        OptionalDouble.empty(),
                        s -> s.data().testShare(),
                        "1"),
                new Case(
                        "data.test-by",
                        "concept",
                        DataSettings.TestBy.CONCEPT,
                        s -> s.data().testBy(),
                        "caption"),
                new Case("data.left-out-every", "5", 5, s -> s.data().leftOutEvery(), "1"),
                new Case(
                        "data.source",
                        "shuffled",
                        DataSettings.Source.SHUFFLED,
                        s -> s.data().source(),
                        "broadcast"),
                new Case(
                        "data.replicated-limit",
                        "3 MiB",
                        3L << 20,
                        s -> s.data().replicatedLimitBytes(),
                        "much"),
                new Case(
                        "data.max-image-pixels",
                        "1000000",
                        1_000_000L,
                        s -> s.data().maxImagePixels(),
                        "0"),
                new Case("data.html-entities", "false", false, s -> s.data().htmlEntities(), "perhaps"),
                new Case(
                        "data.missing-captions",
                        "[nan]",
                        List.of("nan"),
                        s -> s.data().missingCaptions(),
                        "nan"),
                new Case("data.max-skipped-share", "0.5", 0.5, s -> s.data().maxSkippedShare(), "1.5"),
                new Case("towers.width", "64", 64, s -> s.towers().width(), "0"),
                new Case(
                        "towers.image.hidden",
                        "[]",
                        List.of(),
                        s -> s.towers().image().hidden(),
                        "[0]"),
                new Case(
                        "towers.image.activation",
                        "gelu",
                        "gelu",
                        s -> s.towers().image().activation(),
                        "null"),
                new Case(
                        "towers.image.input-dropout",
                        "0",
                        0.0,
                        s -> s.towers().image().inputDropout(),
                        "1"),
                new Case(
                        "towers.image.graph",
                        "g.zip",
                        Optional.of("g.zip"),
                        s -> s.towers().image().graph(),
                        "[a]"),
                new Case(
                        "towers.text.hidden",
                        "[64, 32]",
                        List.of(64, 32),
                        s -> s.towers().text().hidden(),
                        "[1.5]"),
                new Case(
                        "towers.text.activation",
                        "tanh",
                        "tanh",
                        s -> s.towers().text().activation(),
                        "null"),
                new Case(
                        "towers.text.input-dropout",
                        "0.1",
                        0.1,
                        s -> s.towers().text().inputDropout(),
                        "-0.1"),
                new Case(
                        "towers.text.graph",
                        "g.json",
                        Optional.of("g.json"),
                        s -> s.towers().text().graph(),
                        "[a]"),
                new Case(
                        "towers.image.start",
                        "models/siglip",
                        Optional.of("models/siglip"),
                        s -> s.loss().arms().get(1).image().start(),
                        "[a]"),
                new Case(
                        "towers.image.learning-rate-factor",
                        "0",
                        0.0,
                        s -> s.loss().arms().get(1).image().learningRateFactor(),
                        "-1"),
                new Case(
                        "towers.image.weight-decay",
                        "false",
                        false,
                        s -> s.loss().arms().get(1).image().weightDecay(),
                        "0"),
                new Case(
                        "towers.text.start",
                        "models/siglip",
                        Optional.of("models/siglip"),
                        s -> s.loss().arms().get(1).text().start(),
                        "[a]"),
                new Case(
                        "towers.text.learning-rate-factor",
                        "0",
                        0.0,
                        s -> s.loss().arms().get(1).text().learningRateFactor(),
                        "-1"),
                new Case(
                        "towers.text.weight-decay",
                        "false",
                        false,
                        s -> s.loss().arms().get(1).text().weightDecay(),
                        "0"),
                new Case(
                        "towers.table.buckets",
                        "1024",
                        1024,
                        s -> s.towers().table().buckets(),
                        "1000"),
                new Case("towers.table.width", "32", 32, s -> s.towers().table().width(), "0"),
                new Case(
                        "towers.table.deviation",
                        "1e-2",
                        0.01,
                        s -> s.towers().table().deviation(),
                        "0"),
                new Case(
                        "loss.arms",
                        "[{name = a, loss = sigmoid, initial-scale = 5, initial-bias = -10, positive-weight = 2}]",
                        List.of(TestArms.of(
                                "a",
                                new LossForm(Loss.SIGMOID, Map.of(LossOption.POSITIVE_WEIGHT, 2.0)),
                                Map.of(LossScalar.LOG_SCALE, 5.0, LossScalar.BIAS, -10.0))),
                        s -> s.loss().arms(),
                        "[]"),
                new Case(
                        "loss.max-scale",
                        "100",
                        100.0,
                        s -> s.loss().arms().get(0).maxScale(),
                        "0.5"),
                new Case(
                        "loss.duplicates",
                        "multi-positive",
                        DuplicatePolicy.MULTI_POSITIVE,
                        s -> s.loss().duplicates(),
                        "MASK"),
                new Case(
                        "loss.products",
                        "java",
                        "java",
                        s -> s.loss().numerics().products(),
                        "mkl"),
                new Case(
                        "loss.precision",
                        "bf16",
                        "bf16",
                        s -> s.loss().numerics().precision(),
                        "fp8"),
                new Case(
                        "loss.elementwise",
                        "scalar",
                        "scalar",
                        s -> s.loss().numerics().elementwise(),
                        "avx"),
                new Case("loss.tile", "64", 64, s -> s.loss().numerics().tile(), "0"),
                new Case("training.batch-size", "64", 64, s -> s.training().batchSize(), "1"),
                new Case("training.texts-per-image", "1", 1, s -> s.training().textsPerImage(), "0"),
                new Case(
                        "training.steps",
                        "9e9",
                        9_000_000_000L,
                        s -> s.training().steps(),
                        "0"),
                new Case(
                        "training.optimizer",
                        "lion",
                        OptimizerSettings.Kind.LION,
                        s -> s.training().optimizer().kind(),
                        "sgd"),
                new Case(
                        "training.learning-rate",
                        "1e-4",
                        1e-4,
                        s -> s.training().optimizer().learningRate(),
                        "0"),
                new Case(
                        "training.warmup-steps",
                        "0",
                        0L,
                        s -> s.training().optimizer().warmupSteps(),
                        "721"),
                new Case(
                        "training.final-learning-rate",
                        "0.1",
                        0.1,
                        s -> s.training().optimizer().finalLearningRate(),
                        "2"),
                new Case(
                        "training.beta1",
                        "0",
                        0.0,
                        s -> s.training().optimizer().beta1(),
                        "1"),
                new Case(
                        "training.beta2",
                        "0.999",
                        0.999,
                        s -> s.training().optimizer().beta2(),
                        "1"),
                new Case(
                        "training.epsilon",
                        "1e-6",
                        1e-6,
                        s -> s.training().optimizer().epsilon(),
                        "0"),
                new Case(
                        "training.weight-decay",
                        "0",
                        0.0,
                        s -> s.training().optimizer().weightDecay(),
                        "-1"),
                new Case(
                        "training.scalar-learning-rate-factor",
                        "1",
                        1.0,
                        s -> s.training().optimizer().scalarLearningRateFactor(),
                        "ten"),
                new Case(
                        "training.micro-batch-size",
                        "64",
                        OptionalInt.of(64),
                        s -> s.training().microBatchSize(),
                        "0"),
                new Case(
                        "training.clip-norm",
                        "1.5",
                        OptionalDouble.of(1.5),
                        s -> s.training().optimizer().clipNorm(),
                        "0"),
                new Case("training.attempts", "1", 1, s -> s.training().attempts(), "0"),
                new Case(
                        "ring.slots-timeout",
                        "7 s",
                        Duration.ofSeconds(7),
                        s -> s.ring().slotsTimeout(),
                        "9"),
                new Case(
                        "ring.hello-timeout",
                        "2 m",
                        Duration.ofMinutes(2),
                        s -> s.ring().helloTimeout(),
                        "5"),
                new Case(
                        "ring.wait-timeout",
                        "4 s",
                        Duration.ofSeconds(4),
                        s -> s.ring().waitTimeout(),
                        "3 s"),
                new Case(
                        "ring.heartbeat",
                        "50 ms",
                        Duration.ofMillis(50),
                        s -> s.ring().heartbeat(),
                        "0 s"),
                new Case(
                        "ring.silence",
                        "4 s",
                        Duration.ofSeconds(4),
                        s -> s.ring().silence(),
                        "3 s"),
                new Case(
                        "ring.ports",
                        "43000-43063",
                        new PortRange(43000, 43063),
                        s -> s.ring().ports(),
                        "43063-43000"),
                new Case(
                        "ring.allow-unauthenticated",
                        "true",
                        true,
                        s -> s.ring().allowUnauthenticated(),
                        "perhaps"),
                new Case("evaluation.every-steps", "1", 1L, s -> s.evaluation().everySteps(), "0"),
                new Case("measure.every-steps", "0", 0L, s -> s.measure().everySteps(), "-1"),
                new Case("measure.frozen-batches", "32", 32, s -> s.measure().frozenBatches(), "3"),
                new Case("evaluation.max-rows", "7", 7, s -> s.evaluation().maxRows(), "0"),
                new Case(
                        "evaluation.nearest-neighbour",
                        "false",
                        false,
                        s -> s.evaluation().nearestNeighbour(),
                        "maybe"),
                new Case(
                        "evaluation.levels",
                        "[5, 50]",
                        List.of(5, 50),
                        s -> s.evaluation().levels(),
                        "[0.5]"),
                new Case("plan.tokens", "7", 7, s -> s.plan().tokens(), "0"),
                new Case(
                        "plan.image-width",
                        "null",
                        OptionalInt.empty(),
                        s -> s.plan().imageWidth(),
                        "0"),
                new Case(
                        "plan.text-width",
                        "null",
                        OptionalInt.empty(),
                        s -> s.plan().textWidth(),
                        "-1"),
                new Case(
                        "plan.bandwidth",
                        "1250 MB",
                        OptionalLong.of(1_250_000_000),
                        s -> s.plan().bandwidth(),
                        "fast"),
                new Case(
                        "plan.latency",
                        "50 us",
                        Optional.of(Duration.ofNanos(50_000)),
                        s -> s.plan().latency(),
                        "5"),
                new Case("plan.cores", "2", OptionalInt.of(2), s -> s.plan().cores(), "0"),
                new Case(
                        "plan.executor-memory",
                        "4 GiB",
                        OptionalLong.of(4L << 30),
                        s -> s.plan().executorMemory(),
                        "much"),
                new Case(
                        "plan.driver-memory",
                        "4 GiB",
                        OptionalLong.of(4L << 30),
                        s -> s.plan().driverMemory(),
                        "much"),
                new Case("checkpoint.every-steps", "0", 0L, s -> s.checkpoint().everySteps(), "-1"),
                new Case("study.seeds", "3", 3, s -> s.study().seeds(), "0"),
                new Case(
                        "study.margin",
                        "0.02",
                        OptionalDouble.of(0.02),
                        s -> s.study().margin(),
                        "1"),
                new Case("checkpoint.keep", "3", 3, s -> s.checkpoint().keep(), "0"),
                new Case(
                        "checkpoint.resume",
                        "hdfs:/p",
                        "hdfs:/p",
                        s -> s.checkpoint().resume(),
                        "null"),
                new Case(
                        "checkpoint.lease",
                        "1 m",
                        Duration.ofMinutes(1),
                        s -> s.checkpoint().lease(),
                        "900 ms"),
                new Case(
                        "checkpoint.take-over",
                        "true",
                        true,
                        s -> s.checkpoint().takeOver(),
                        "perhaps"),
                new Case(
                        "trackers.tensorboard",
                        "false",
                        false,
                        s -> s.trackers().tensorboard(),
                        "perhaps"));
    }

    @Test
    void everySettingHasACaseHereAndEveryCaseASetting() {
        assertThat(cases().stream().map(Case::key)).containsExactlyInAnyOrderElementsOf(keys());
    }

    @Test
    void whatIsNamedHarmlessToAResumedTrainingIsASetting() {
        for (String key : DecisiveSettings.HARMLESS) {
            assertThat(keys())
                    .as(key)
                    .anyMatch(each -> each.equals(key) || (key.endsWith(".") && each.startsWith(key)));
        }
    }

    @Test
    void everySettingThatIsReadHasADefaultAndEveryDefaultIsRead() {
        List<String> problems = new ArrayList<>();
        SettingsReader reader = new SettingsReader(SettingsLayers.defaults(), problems);

        SettingsMapping.map(reader, StudyAxes.NONE);

        Stream<String> read = reader.read().stream().filter(path -> !path.startsWith("loss.arms["));
        assertThat(problems).isEmpty();
        assertThat(read).containsExactlyInAnyOrderElementsOf(keys());
    }

    @Test
    void everySettingHasAComment() {
        Config defaults = SettingsLayers.defaults();
        for (Map.Entry<String, ConfigValue> leaf :
                SettingsLayers.leaves(defaults.root()).entrySet()) {
            String comment = String.join(" ", leaf.getValue().origin().comments());
            assertThat(comment)
                    .as("comment of %s in reference.conf", leaf.getKey())
                    .isNotBlank();
        }
    }

    @ParameterizedTest
    @MethodSource("cases")
    void takesAGoodValue(Case setting) {
        Settings settings = SettingsLoaderTest.set(setting.key() + "=" + setting.good());

        assertThat(setting.field().apply(settings)).isEqualTo(setting.becomes());
    }

    @ParameterizedTest
    @MethodSource("cases")
    void refusesABadValueAndNamesTheKeyAndThePlace(Case setting) {
        SettingsException refused = catchThrowableOfType(
                SettingsException.class, () -> SettingsLoaderTest.set(setting.key() + "=" + setting.bad()));

        assertThat(refused).as("%s=%s", setting.key(), setting.bad()).isNotNull();
        assertThat(refused.errors()).singleElement().asString().startsWith("--set: " + setting.key() + " must ");
    }

    private static List<String> keys() {
        return List.copyOf(
                SettingsLayers.leaves(SettingsLayers.defaults().root()).keySet());
    }
}
