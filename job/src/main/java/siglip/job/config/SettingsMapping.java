package siglip.job.config;

import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import siglip.job.config.SettingsReader.Bound;
import siglip.kernels.DuplicatePolicy;
import siglip.kernels.Loss;
import siglip.kernels.LossOption;
import siglip.kernels.LossScalar;
import siglip.kernels.Numerics;
import siglip.kernels.blas.Matrix;

/** From keys to records: type and range of each setting, and what settings ask of each other. */
final class SettingsMapping {
    private static final Pattern FOLDER = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}");
    private static final String NAME =
            "must be a name of up to 100 letters, digits, '-', '_' and '.' that does not begin with '-' or '.'";

    // Beyond what anybody trains, and within what ints and buffers can count.
    private static final int MOST_RANKS = 1 << 16;
    private static final int MOST_CORES = 1 << 10;
    private static final int MOST_PAIRS = 1 << 24;
    private static final int MOST_TEXTS = 1 << 10;
    private static final int WIDEST = 1 << 16;
    private static final int MOST_LAYERS = 100;
    private static final int MOST_LEVELS = 20;
    private static final int WIDEST_FEATURES = 1 << 20;
    private static final int MOST_TOKENS = 1 << 20;
    private static final long MOST_STEPS = 1_000_000_000_000L;
    private static final String START = "start";
    private static final String FROZEN_BATCHES = "measure.frozen-batches";
    private static final Set<String> ARM_KEYS = Stream.of(
                    Stream.of("name", "loss", START),
                    Stream.of(LossScalar.values()).map(SettingsMapping::initial),
                    Stream.of(LossOption.values()).map(LossOption::id),
                    ArmReader.KEYS.stream())
            .flatMap(keys -> keys)
            .collect(Collectors.toUnmodifiableSet());

    private SettingsMapping() {}

    static Settings map(SettingsReader reader, StudyAxes axes) {
        RunSettings run = run(reader);
        DataSettings data = data(reader);
        TowerSettings towers = towers(reader);
        TrainingSettings training = training(reader);
        Settings settings = new Settings(
                run,
                data,
                towers,
                loss(reader, training.steps()),
                training,
                ring(reader),
                evaluation(reader),
                measure(reader),
                plan(reader),
                axes.read(reader),
                checkpoint(reader),
                new Settings.Trackers(reader.flag("trackers.tensorboard")));
        checkTogether(settings, reader);
        return settings;
    }

    private static RunSettings run(SettingsReader reader) {
        RunSettings run = new RunSettings(
                reader.text("run.name"),
                reader.text("run.out"),
                reader.whole("run.seed", Long.MIN_VALUE, Long.MAX_VALUE),
                reader.integer("run.ranks", 1, MOST_RANKS),
                reader.integer("run.cores-per-rank", 1, MOST_CORES));
        reader.require(
                FOLDER.matcher(run.name()).matches(),
                "run.name",
                "%s, found %s".formatted(NAME, reader.shown("run.name")));
        return run;
    }

    private static DataSettings data(SettingsReader reader) {
        DataSettings data = new DataSettings(
                reader.text("data.path"),
                reader.choice("data.format", DataSettings.Format.class),
                new DataSettings.Columns(
                        reader.text("data.columns.image"),
                        reader.choice("data.columns.image-kind", DataSettings.Kind.class),
                        reader.names("data.columns.text"),
                        reader.choice("data.columns.text-kind", DataSettings.Kind.class),
                        reader.optionalText("data.columns.keywords"),
                        reader.optionalText("data.columns.concept"),
                        reader.texts("data.columns.classes"),
                        reader.optionalText("data.columns.key")),
                reader.optionalText("data.train"),
                reader.optionalText("data.test"),
                reader.optionalNumber("data.test-share", Bound.SHARE_WITHIN),
                reader.choice("data.test-by", DataSettings.TestBy.class),
                reader.integer("data.left-out-every", 0),
                reader.choice("data.source", DataSettings.Source.class),
                reader.bytes("data.replicated-limit"),
                reader.choice("data.scaling.image", DataSettings.Scaling.class),
                reader.choice("data.scaling.text", DataSettings.Scaling.class),
                reader.whole("data.max-image-pixels", 1, Integer.MAX_VALUE),
                reader.flag("data.html-entities"),
                reader.texts("data.missing-captions"),
                reader.number("data.max-skipped-share", Bound.SHARE));
        reader.require(
                data.testShare().isEmpty() || data.test().isEmpty(),
                "data.test-share",
                "must be null where data.test is set: it takes its place. Set data.test = null to hold out a share");
        reader.require(
                data.leftOutEvery() != 1,
                "data.left-out-every",
                "must not be 1: every concept would be left out and none remain to train on; 0 leaves none out");
        return data;
    }

    private static TowerSettings towers(SettingsReader reader) {
        TowerSettings towers = new TowerSettings(
                reader.integer("towers.width", 1, WIDEST),
                tower(reader, "towers.image."),
                tower(reader, "towers.text."),
                new TowerSettings.Table(
                        reader.integer("towers.table.buckets", 1),
                        reader.integer("towers.table.width", 1, WIDEST),
                        reader.number("towers.table.deviation", Bound.ABOVE_ZERO)));
        reader.require(
                Integer.bitCount(towers.table().buckets()) == 1,
                "towers.table.buckets",
                "must be a power of two, found %d".formatted(towers.table().buckets()));
        reader.require(
                (long) towers.table().buckets() * towers.table().width() <= Matrix.MOST_FLOATS,
                "towers.table.buckets",
                "times towers.table.width (%d) must be at most %d floats, found %d"
                        .formatted(
                                towers.table().width(),
                                Matrix.MOST_FLOATS,
                                towers.table().buckets()),
                "towers.table.width");
        return towers;
    }

    private static TowerSettings.Tower tower(SettingsReader reader, String prefix) {
        return new TowerSettings.Tower(
                reader.sizes(prefix + "hidden", WIDEST, MOST_LAYERS),
                reader.text(prefix + "activation"),
                reader.number(prefix + "input-dropout", Bound.SHARE_BELOW_ONE),
                reader.optionalText(prefix + "graph"));
    }

    private static LossSettings loss(SettingsReader reader, long steps) {
        ArmReader shared = new ArmReader(reader, reader, steps); // read also where every arm has its own
        shared.maxScale();
        shared.tower("towers.image.");
        shared.tower("towers.text.");
        List<LossSettings.Arm> arms = new ArrayList<>();
        Set<String> names = new HashSet<>();
        List<SettingsReader> elements = reader.objects("loss.arms", ARM_KEYS);
        for (SettingsReader element : elements) {
            LossSettings.Arm arm = arm(element, new ArmReader(element, reader, steps));
            arms.add(arm);
            element.require(
                    names.add(arm.name()),
                    "name",
                    "must differ from that of the other arms, found \"%s\" again".formatted(arm.name()));
        }
        reader.require(!arms.isEmpty(), "loss.arms", "must hold at least one arm, found []");
        return new LossSettings(
                List.copyOf(arms),
                shared.duplicates(),
                new Numerics(
                        reader.choice("loss.products", List.of("auto", "onednn", "openblas", "java")),
                        reader.choice("loss.precision", List.of("auto", "fp32", "bf16")),
                        reader.choice("loss.elementwise", List.of("auto", "vector", "scalar")),
                        (int) reader.whole("loss.tile", 1, 8192)));
    }

    private static LossSettings.Arm arm(SettingsReader reader, ArmReader own) {
        double maxScale = own.maxScale();
        String name = reader.text("name");
        Loss loss = reader.choice("loss", Loss.class);
        LossSettings.Start start =
                reader.sets(START) ? reader.choice(START, LossSettings.Start.class) : LossSettings.Start.CALIBRATED;
        Map<LossScalar, Double> initial = new EnumMap<>(LossScalar.class);
        for (LossScalar scalar : LossScalar.values()) {
            OptionalDouble set = initial(reader, loss, scalar, maxScale);
            OptionalDouble value =
                    set.isPresent() || !loss.has(scalar) || loss.solves(scalar) ? set : start.of(loss, scalar);
            double most = scalar.most(maxScale);
            value.ifPresent(each -> initial.put(scalar, scalar.learned(each) > most ? scalar.shown(most) : each));
        }
        reader.require(FOLDER.matcher(name).matches(), "name", "%s, found %s".formatted(NAME, reader.shown("name")));
        return new LossSettings.Arm(
                name,
                own.form(loss),
                initial,
                maxScale,
                own.duplicates(),
                own.precision(),
                own.optimizer(),
                own.tower("towers.image."),
                own.tower("towers.text."));
    }

    /** Where a scalar starts, as people are shown it. */
    private static OptionalDouble initial(SettingsReader reader, Loss loss, LossScalar scalar, double maxScale) {
        String key = initial(scalar);
        double least = scalar.shown(scalar.least());
        Bound bound = Double.isFinite(least) ? Bound.atLeast(least) : Bound.ANY;
        OptionalDouble value = reader.optionalNumber(key, bound);
        reader.require(
                loss.has(scalar) || value.isEmpty(),
                key,
                "must be left out: the %s loss has no %s".formatted(loss.id(), scalar.shownName()),
                "loss");
        reader.require(
                !loss.solves(scalar) || value.isEmpty(),
                key,
                "must be left out: the %s loss computes its %s anew for each batch"
                        .formatted(loss.id(), scalar.shownName()),
                "loss");
        double most = scalar.most(maxScale);
        String limit = scalar.limit()
                .map(setting -> "%s (%s)".formatted(reader.sets(setting) ? setting : "loss." + setting, maxScale))
                .orElseGet(() -> String.valueOf(scalar.shown(most)));
        reader.require(
                !(scalar.learned(value.orElse(Double.NaN)) > most),
                key,
                "must be at most %s, found %s".formatted(limit, value.orElse(Double.NaN)));
        return value;
    }

    private static String initial(LossScalar scalar) {
        return "initial-" + scalar.shownName();
    }

    private static TrainingSettings training(SettingsReader reader) {
        int batchSize = reader.integer("training.batch-size", 2, MOST_PAIRS);
        int textsPerImage = reader.integer("training.texts-per-image", 1, MOST_TEXTS);
        OptionalInt microBatchSize = reader.optionalInteger("training.micro-batch-size", 1, MOST_PAIRS);
        long steps = reader.whole("training.steps", 1, MOST_STEPS);
        return new TrainingSettings(
                batchSize,
                textsPerImage,
                microBatchSize,
                steps,
                new ArmReader(reader, reader, steps).optimizer(),
                reader.integer("training.attempts", 1));
    }

    private static RingSettings ring(SettingsReader reader) {
        String ports = reader.text("ring.ports");
        RingSettings ring = new RingSettings(
                timeout(reader, "ring.slots-timeout"),
                timeout(reader, "ring.hello-timeout"),
                timeout(reader, "ring.wait-timeout"),
                reader.duration("ring.heartbeat"),
                timeout(reader, "ring.silence"),
                PortRange.parse(ports).orElse(PortRange.ANY),
                reader.flag("ring.allow-unauthenticated"));
        reader.require(
                PortRange.parse(ports).isPresent(),
                "ring.ports",
                "must be 0, a port, or a range of ports such as 43000-43063, found %s"
                        .formatted(reader.shown("ring.ports")));
        Duration threeBeats = ring.heartbeat().multipliedBy(3);
        String longer = "must be longer than three heartbeats (ring.heartbeat is %d ms), found %d ms";
        reader.require(
                ring.waitTimeout().compareTo(threeBeats) > 0,
                "ring.wait-timeout",
                longer.formatted(ring.heartbeat().toMillis(), ring.waitTimeout().toMillis()),
                "ring.heartbeat");
        reader.require(
                ring.silence().compareTo(threeBeats) > 0,
                "ring.silence",
                longer.formatted(ring.heartbeat().toMillis(), ring.silence().toMillis()),
                "ring.heartbeat");
        return ring;
    }

    /** A wait for another process, which a pause of either must not end. */
    private static Duration timeout(SettingsReader reader, String path) {
        return reader.duration(path, Duration.ofSeconds(1), "from 1 s to 1000 d");
    }

    private static EvaluationSettings evaluation(SettingsReader reader) {
        return new EvaluationSettings(
                reader.whole("evaluation.every-steps", 1, Long.MAX_VALUE),
                reader.integer("evaluation.max-rows", 1),
                reader.flag("evaluation.nearest-neighbour"),
                reader.sizes("evaluation.levels", 100, MOST_LEVELS));
    }

    private static Settings.Measure measure(SettingsReader reader) {
        int batches = reader.integer(FROZEN_BATCHES, 0, Settings.Measure.MOST_BATCHES);
        reader.require(
                batches == 0 || batches >= Settings.Measure.LEAST_BATCHES,
                FROZEN_BATCHES,
                "must be 0 for none, or %d at least, found %d".formatted(Settings.Measure.LEAST_BATCHES, batches));
        return new Settings.Measure(reader.whole("measure.every-steps", 0, Long.MAX_VALUE), batches);
    }

    private static PlanSettings plan(SettingsReader reader) {
        PlanSettings plan = new PlanSettings(
                reader.optionalInteger("plan.image-width", 1, WIDEST_FEATURES),
                reader.optionalInteger("plan.text-width", 0, WIDEST_FEATURES),
                reader.integer("plan.tokens", 1, MOST_TOKENS),
                reader.optionalBytes("plan.bandwidth"),
                reader.optionalDuration("plan.latency"),
                reader.optionalInteger("plan.cores", 1),
                reader.optionalBytes("plan.executor-memory"),
                reader.optionalBytes("plan.driver-memory"));
        reader.require(
                plan.imageWidth().isPresent() == plan.textWidth().isPresent(),
                "plan.image-width",
                "must be given together with plan.text-width, or neither",
                "plan.text-width");
        return plan;
    }

    private static CheckpointSettings checkpoint(SettingsReader reader) {
        CheckpointSettings checkpoint = new CheckpointSettings(
                reader.whole("checkpoint.every-steps", 0, Long.MAX_VALUE),
                reader.integer("checkpoint.keep", 1),
                reader.text("checkpoint.resume"),
                reader.duration("checkpoint.lease"),
                reader.flag("checkpoint.take-over"));
        reader.require(
                checkpoint.lease().compareTo(Duration.ofSeconds(1)) >= 0,
                "checkpoint.lease",
                "must be at least 1 s, found %d ms".formatted(checkpoint.lease().toMillis()));
        return checkpoint;
    }

    private static void checkTogether(Settings settings, SettingsReader reader) {
        reader.require(
                settings.training().batchSize() >= settings.run().ranks(),
                "training.batch-size",
                "must be at least run.ranks (%d), so that each rank has a pair, found %d"
                        .formatted(settings.run().ranks(), settings.training().batchSize()),
                "run.ranks");
        int texts = settings.training().textsPerImage();
        reader.require(
                settings.training().batchSize() % texts == 0,
                "training.batch-size",
                "must be a multiple of training.texts-per-image (%d), found %d"
                        .formatted(texts, settings.training().batchSize()),
                "training.texts-per-image");
        reader.require(
                texts == 1
                        || settings.loss().arms().stream().noneMatch(arm -> arm.duplicates() == DuplicatePolicy.IGNORE),
                "training.texts-per-image",
                "must be 1 where loss.duplicates, or that of an arm, is ignore: an image would be pushed away from its own texts. Set loss.duplicates = multi-positive",
                "loss.duplicates");
    }
}
