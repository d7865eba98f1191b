package siglip.job.figures;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.Map;
import siglip.job.comparison.ComparisonResult;
import siglip.job.config.RunSettings;
import siglip.job.config.TrainingSettings;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.files.Unit;
import siglip.job.stability.CollapseWatch;
import siglip.job.stability.PairFigure;
import siglip.job.stage.Phase;
import siglip.job.stage.PhaseSeconds;

/**
 * {@code metrics.json}: all figures of a run for programs. Its keys stand in {@code docs/metrics.md}. JSON has no NaN and no infinity:
 * {@code null} says that there is no such number.
 */
public final class MetricsJson {
    /** Rises when a key changes its meaning or goes; new keys do not count. */
    static final int FORMAT = 1;

    private static final ObjectMapper MAPPER = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private MetricsJson() {}

    public static String write(RunFigures figures) {
        ObjectNode root = NODES.objectNode();
        root.put("format", FORMAT);
        ComparisonResult result = figures.result();
        RunSettings settings = result.settings().run();
        TrainingSettings training = result.settings().training();
        ObjectNode run = root.putObject("run");
        run.put("name", settings.name());
        run.put("started", result.started().toString());
        run.put("seed", settings.seed());
        run.put("ranks", settings.ranks());
        run.put("cores_per_rank", settings.coresPerRank());
        run.put("batch_size", training.batchSize());
        run.put("steps", training.steps());
        ArrayNode arms = root.putArray("arms");
        figures.arms().forEach(arm -> write(arm, arms.addObject()));
        root.put("seconds", figures.seconds());
        figures.nearestNeighbour().forEach((set, score) -> write(score, child(root, "nearest_neighbour." + set.key())));
        for (HeldOut set : figures.sets()) {
            for (Direction direction : Direction.values()) {
                ObjectNode chance = child(root, "chance." + set.key() + "." + direction.key());
                for (RetrievalMetric metric : RetrievalMetric.values()) {
                    number(chance, metric.key(), figures.chance(set, direction, metric));
                }
            }
        }
        result.data().forEach(root.putObject("data")::put);
        result.environment().forEach(root.putObject("environment")::put);
        result.numerics().forEach(root.putObject("numerics")::put);
        result.incidents().forEach(root.putArray("incidents")::add);
        try {
            return MAPPER.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "Cannot write metrics.json: a tree of plain values could not be written", e);
        }
    }

    private static void write(ArmFigures arm, ObjectNode node) {
        node.put("name", arm.name());
        node.put("loss", arm.loss().id());
        arm.form().named().forEach(node.putObject("loss_options")::putPOJO);
        node.put("stopped", arm.stopped().orElse(null));
        arm.stoppedAt().ifPresent(step -> node.put("stopped_at", step));
        node.put("verdict", arm.verdict().outcome().id());
        node.put("verdict_reason", arm.verdict().reason());
        node.put("collapsed", arm.verdict().collapsed());
        ArrayNode stretches = node.putArray("constant_stretches");
        for (CollapseWatch.Stretch stretch : arm.verdict().stretches()) {
            ObjectNode each = stretches.addObject();
            each.put("from", stretch.from());
            each.put("to", stretch.to().map(end -> end - 1).orElse(null));
            number(each, "loss", stretch.constant());
        }
        for (ArmMetric metric : ArmMetric.values()) {
            put(node, metric, arm.get(metric));
            if (metric == ArmMetric.NEGATIVE_LOGIT) {
                arm.evaluations().stream().map(Evaluation::set).distinct().forEach(set -> arm.last(set)
                        .ifPresent(last -> quality(node, last, set)));
            }
            if (metric == ArmMetric.CLIPPED_STEPS) {
                arm.scalars().forEach((scalar, figure) -> {
                    ObjectNode both = node.putObject(scalar.shownName().replace('-', '_'));
                    number(both, "start", figure.start());
                    number(both, "end", figure.end());
                    number(both, "drift", figure.drift());
                });
            }
            if (metric == ArmMetric.PAIRS_PER_SECOND) {
                PhaseSeconds mean = arm.times().mean();
                ObjectNode phases = node.putObject("phase_seconds");
                for (Phase phase : Phase.values()) {
                    number(phases, phase.key(), mean.get(phase));
                }
            }
        }
        arm.convergence()
                .forEach((set, directions) -> directions.forEach((direction, levels) -> {
                    ArrayNode reached = child(node, "convergence." + set.key()).putArray(direction.key());
                    levels.forEach(level -> write(level, reached.addObject()));
                }));
        ObjectNode tensors = node.putObject("tensors");
        arm.tensors().forEach((name, tensor) -> write(tensor, tensors.putObject(name)));
        ArrayNode evaluations = node.putArray("evaluations");
        for (Evaluation evaluation : arm.evaluations()) {
            ObjectNode each = evaluations.addObject();
            each.put("step", evaluation.step());
            each.put("set", evaluation.set().key());
            for (Direction direction : Direction.values()) {
                write(evaluation.score(direction), each.putObject(direction.key()));
            }
            ObjectNode classes = each.putObject("class_accuracy");
            evaluation.classAccuracy().forEach((column, share) -> number(classes, column, share));
            pairs(evaluation.pairs(), each.putObject("pairs"));
            pairs(evaluation.trainingPairs(), each.putObject("training_pairs"));
        }
    }

    /** Of figures that there are not, null. */
    private static void pairs(Map<PairFigure, Double> figures, ObjectNode node) {
        for (PairFigure figure : PairFigure.values()) {
            number(node, figure.key(), figures.getOrDefault(figure, Double.NaN));
        }
    }

    private static void write(Convergence level, ObjectNode node) {
        node.put("r1", level.r1());
        node.put("step", level.step().isPresent() ? level.step().getAsLong() : null);
        number(node, "seconds", level.seconds());
    }

    private static void write(TensorFigures tensor, ObjectNode node) {
        number(node, "gradient_norm", tensor.gradientNorm());
        number(node, "gradient_norm_at_start", tensor.gradientNormAtStart());
        number(node, "gradient_norm_at_end", tensor.gradientNormAtEnd());
        number(node, "update_ratio", tensor.updateRatio());
        number(node, "largest_update_ratio", tensor.largestUpdateRatio());
        number(node, "largest_rms_ratio", tensor.largestRmsRatio());
        ObjectNode lead = node.putObject("rms_lead");
        lead.put("spikes", tensor.lead().spikes());
        lead.put("watched", tensor.lead().watched());
        lead.put("preceded", tensor.lead().preceded());
        number(lead, "steps", tensor.lead().steps());
        number(lead, "by_chance", tensor.lead().byChance());
    }

    /** The last evaluation of a set once more, where a reader looks for it first. */
    private static void quality(ObjectNode node, Evaluation last, HeldOut set) {
        ObjectNode retrieval = child(node, "retrieval." + set.key());
        retrieval.put("step", last.step());
        for (Direction direction : Direction.values()) {
            ObjectNode score = retrieval.putObject(direction.key());
            write(last.score(direction), score);
            number(score, "r1_standard_error", last.score(direction).standardError());
            last.differences().stream()
                    .filter(difference -> difference.direction() == direction)
                    .forEach(difference -> {
                        ObjectNode from =
                                score.withObject("/r1_difference_from").putObject(difference.arm());
                        number(from, "difference", difference.difference());
                        number(from, "standard_error", difference.standardError());
                    });
        }
        last.classAccuracy()
                .forEach((column, share) -> number(child(node, "class_accuracy." + set.key()), column, share));
    }

    private static void write(RetrievalScore score, ObjectNode node) {
        node.put("queries", score.queries());
        score.values().forEach((metric, value) -> number(node, metric.key(), value));
    }

    private static void put(ObjectNode arm, ArmMetric metric, double value) {
        int dot = metric.key().lastIndexOf('.');
        ObjectNode node = dot < 0 ? arm : child(arm, metric.key().substring(0, dot));
        String key = metric.key().substring(dot + 1);
        boolean whole = metric.unit() == Unit.COUNT || metric.unit() == Unit.BYTES;
        if (whole && value == Math.rint(value)) {
            node.put(key, (long) value);
        } else {
            number(node, key, value);
        }
    }

    private static void number(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }

    /** The object at a path of keys with dots between them, made if it is not there. */
    private static ObjectNode child(ObjectNode node, String path) {
        return node.withObject("/" + path.replace('.', '/'));
    }
}
