package siglip.job.figures;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Map;
import siglip.job.comparison.ArmResult;
import siglip.job.comparison.ComparisonResult;
import siglip.job.config.Settings;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalScore;

/** {@code metrics.json}: all figures of a run for programs. Its keys stand in {@code docs/metrics.md}. */
public final class MetricsJson {
    /** Rises when a key changes its meaning or goes; new keys do not count. */
    static final int FORMAT = 1;

    private static final ObjectMapper MAPPER = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private MetricsJson() {}

    public static String of(Figures figures) {
        ComparisonResult result = figures.result();
        ObjectNode root = NODES.objectNode();
        root.put("format", FORMAT);
        run(root.putObject("run"), result);
        ArrayNode arms = root.putArray("arms");
        figures.arms().forEach(arm -> arm(arms.addObject(), arm));
        figures.run().all().forEach(figure -> put(root, figure));
        texts(root.putObject("data"), result.data());
        texts(root.putObject("environment"), result.environment());
        texts(root.putObject("numerics"), result.numerics());
        ArrayNode incidents = root.putArray("incidents");
        result.incidents().forEach(incidents::add);
        try {
            return MAPPER.writeValueAsString(root) + "\n";
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(
                    "Cannot write metrics.json: a tree of plain values could not be written", e);
        }
    }

    private static void run(ObjectNode run, ComparisonResult result) {
        Settings settings = result.settings();
        run.put("name", settings.run().name());
        run.put("started", result.started().toString());
        run.put("seed", settings.run().seed());
        run.put("ranks", settings.run().ranks());
        run.put("cores_per_rank", settings.run().coresPerRank());
        run.put("batch_size", settings.training().batchSize());
        run.put("steps", settings.training().steps());
    }

    private static void arm(ObjectNode node, ArmFigures arm) {
        ArmResult result = arm.result();
        node.put("name", arm.name());
        node.put("loss", arm.loss().id());
        node.put("stopped", result.stopped().orElse(null));
        arm.figures().all().forEach(figure -> put(node, figure));
        ArrayNode evaluations = node.putArray("evaluations");
        result.evaluations().forEach(evaluation -> evaluation(evaluations.addObject(), evaluation));
    }

    private static void evaluation(ObjectNode node, Evaluation evaluation) {
        node.put("step", evaluation.step());
        node.put("set", evaluation.set());
        score(node.putObject("image_to_text"), evaluation.imageToText());
        score(node.putObject("text_to_image"), evaluation.textToImage());
        ObjectNode classes = node.putObject("class_accuracy");
        evaluation.classAccuracy().forEach((column, share) -> number(classes, column, share));
    }

    private static void score(ObjectNode node, RetrievalScore score) {
        node.put("queries", score.queries());
        number(node, "r1", score.r1());
        number(node, "r5", score.r5());
        number(node, "r10", score.r10());
    }

    private static void put(ObjectNode root, Figure figure) {
        ObjectNode node = root;
        List<String> path = figure.path();
        for (String key : path.subList(0, path.size() - 1)) {
            node = node.get(key) instanceof ObjectNode ? (ObjectNode) node.get(key) : node.putObject(key);
        }
        String key = path.get(path.size() - 1);
        boolean whole = figure.unit() == Unit.COUNT || figure.unit() == Unit.BYTES;
        if (whole && figure.value() == Math.rint(figure.value())) {
            node.put(key, (long) figure.value());
        } else {
            number(node, key, figure.value());
        }
    }

    /** JSON has no NaN and no infinity: null says that there is no such number. */
    private static void number(ObjectNode node, String key, double value) {
        if (Double.isFinite(value)) {
            node.put(key, value);
        } else {
            node.putNull(key);
        }
    }

    private static void texts(ObjectNode node, Map<String, String> facts) {
        facts.forEach(node::put);
    }
}
