package siglip.job.figures;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import siglip.job.data.PairData.HeldOut;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.evaluation.RetrievalScore;
import siglip.job.files.Unit;
import siglip.job.stage.Phase;
import siglip.job.stage.PhaseSeconds;
import siglip.kernels.Loss;
import siglip.kernels.LossScalar;

/**
 * {@code metrics.json}: all figures of a run for programs, written and read. Its keys stand in {@code docs/metrics.md}. JSON has no NaN and
 * no infinity: {@code null} says that there is no such number, and is read as NaN.
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
        ObjectNode run = root.putObject("run");
        run.put("name", figures.name());
        run.put("started", figures.started().toString());
        run.put("seed", figures.seed());
        run.put("ranks", figures.ranks());
        run.put("cores_per_rank", figures.coresPerRank());
        run.put("batch_size", figures.batchSize());
        run.put("steps", figures.steps());
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
        figures.data().forEach(root.putObject("data")::put);
        figures.environment().forEach(root.putObject("environment")::put);
        figures.numerics().forEach(root.putObject("numerics")::put);
        figures.incidents().forEach(root.putArray("incidents")::add);
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
        node.put("stopped", arm.stopped().orElse(null));
        for (ArmMetric metric : ArmMetric.values()) {
            put(node, metric, arm.get(metric));
            if (metric == ArmMetric.NEGATIVE_LOGIT) {
                arm.evaluations().stream().map(Evaluation::set).distinct().forEach(set -> quality(node, arm, set));
            }
            if (metric == ArmMetric.CLIPPED_STEPS) {
                arm.scalars().forEach((scalar, figure) -> {
                    ObjectNode both = node.putObject(scalar.shownName());
                    number(both, "start", figure.start());
                    number(both, "end", figure.end());
                });
            }
            if (metric == ArmMetric.PAIRS_PER_SECOND) {
                ObjectNode phases = node.putObject("phase_seconds");
                for (Phase phase : Phase.values()) {
                    number(phases, phase.key(), arm.phases().get(phase));
                }
            }
        }
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
        }
    }

    /** The last evaluation of a set once more, where a reader looks for it first. */
    private static void quality(ObjectNode node, ArmFigures arm, HeldOut set) {
        Evaluation last = arm.last(set).orElseThrow();
        ObjectNode retrieval = child(node, "retrieval." + set.key());
        retrieval.put("step", last.step());
        for (Direction direction : Direction.values()) {
            ObjectNode score = retrieval.putObject(direction.key());
            write(last.score(direction), score);
            number(score, "r1_standard_error", last.score(direction).standardError());
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

    /**
     * The figures that a file holds.
     *
     * @throws IOException if it is not such a file, or one of another format
     */
    public static RunFigures read(String text) throws IOException {
        JsonNode root = MAPPER.readTree(text);
        if (root.path("format").asInt() != FORMAT) {
            throw new IOException("Cannot read metrics.json: it has format %s, this program reads %d"
                    .formatted(root.path("format"), FORMAT));
        }
        JsonNode run = root.required("run");
        Map<HeldOut, RetrievalScore> nearest = new EnumMap<>(HeldOut.class);
        for (HeldOut set : HeldOut.values()) {
            if (root.path("nearest_neighbour").has(set.key())) {
                nearest.put(set, score(root.at("/nearest_neighbour/" + set.key())));
            }
        }
        return new RunFigures(
                run.required("name").asText(),
                Instant.parse(run.required("started").asText()),
                run.required("seed").asLong(),
                run.required("ranks").asInt(),
                run.required("cores_per_rank").asInt(),
                run.required("batch_size").asInt(),
                run.required("steps").asLong(),
                number(root.required("seconds")),
                list(root.required("arms"), MetricsJson::arm),
                nearest,
                texts(root.required("data")),
                texts(root.required("environment")),
                texts(root.required("numerics")),
                MAPPER.convertValue(root.required("incidents"), new TypeReference<>() {}));
    }

    private static ArmFigures arm(JsonNode node) {
        String name = node.required("name").asText();
        Map<ArmMetric, Double> metrics = new EnumMap<>(ArmMetric.class);
        for (ArmMetric metric : ArmMetric.values()) {
            metrics.put(metric, number(node.at("/" + metric.key().replace('.', '/'))));
        }
        Map<LossScalar, ArmFigures.Scalar> scalars = new EnumMap<>(LossScalar.class);
        for (LossScalar scalar : LossScalar.values()) {
            JsonNode both = node.path(scalar.shownName());
            scalars.put(scalar, new ArmFigures.Scalar(number(both.path("start")), number(both.path("end"))));
        }
        JsonNode phases = node.required("phase_seconds");
        return new ArmFigures(
                name,
                Loss.of(node.required("loss").asText()),
                Optional.ofNullable(node.required("stopped").textValue()),
                metrics,
                scalars,
                PhaseSeconds.of(phase -> number(phases.required(phase.key()))),
                list(node.required("evaluations"), each -> evaluation(name, each)));
    }

    private static Evaluation evaluation(String arm, JsonNode node) {
        Map<String, Double> classes = new LinkedHashMap<>();
        node.required("class_accuracy")
                .fields()
                .forEachRemaining(field -> classes.put(field.getKey(), number(field.getValue())));
        return new Evaluation(
                arm,
                node.required("step").asLong(),
                MAPPER.convertValue(node.required("set"), HeldOut.class),
                score(node.required(Direction.IMAGE_TO_TEXT.key())),
                score(node.required(Direction.TEXT_TO_IMAGE.key())),
                classes);
    }

    private static RetrievalScore score(JsonNode node) {
        Map<RetrievalMetric, Double> values = new EnumMap<>(RetrievalMetric.class);
        for (RetrievalMetric metric : RetrievalMetric.values()) {
            values.put(metric, number(node.path(metric.key())));
        }
        return new RetrievalScore(node.required("queries").asInt(), values);
    }

    private static double number(JsonNode node) {
        return node.asDouble(Double.NaN);
    }

    private static <T> List<T> list(JsonNode array, Function<JsonNode, T> read) {
        List<T> list = new ArrayList<>();
        array.forEach(each -> list.add(read.apply(each)));
        return list;
    }

    private static Map<String, String> texts(JsonNode facts) {
        return MAPPER.convertValue(facts, new TypeReference<>() {});
    }
}
