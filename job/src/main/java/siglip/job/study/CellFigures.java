package siglip.job.study;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import siglip.job.evaluation.Direction;
import siglip.job.figures.ArmVerdict.Outcome;
import siglip.job.files.FileSystems;

/**
 * What the {@code metrics.json} of a cell says of its arms.
 *
 * @param arms by name, in their order
 */
record CellFigures(StudyCell cell, Map<String, Arm> arms) {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final double PER = 1000; // steps

    /**
     * @param values of the metrics that one run has; NaN where it has none
     * @param finished whether it trained to its end
     * @param queries of the first set, images to text; NaN where it was not evaluated
     * @param lostAtStart 1 - R@1 before the first step
     * @param infonceAtStart InfoNCE before the first step
     */
    record Arm(
            Map<StudyMetric, Double> values,
            boolean finished,
            double queries,
            double lostAtStart,
            double infonceAtStart) {
        double get(StudyMetric metric) {
            return values.getOrDefault(metric, Double.NaN);
        }
    }

    /**
     * @param metrics the name of the file in the run's folder
     * @throws IOException if it is not there, or not what this program wrote
     */
    static CellFigures read(StudyCell cell, String metrics, Configuration hadoop) throws IOException {
        Path path = new Path(FileSystems.path(cell.folder()), metrics);
        JsonNode root;
        try (InputStream in = FileSystems.open(path, hadoop)) {
            root = JSON.readTree(in);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IOException("Cannot read %s: %s".formatted(path, e.getOriginalMessage()), e);
        }
        return of(cell, root);
    }

    static CellFigures of(StudyCell cell, JsonNode root) {
        List<String> sets = new ArrayList<>();
        root.path("chance").fieldNames().forEachRemaining(sets::add);
        Map<String, Arm> arms = new LinkedHashMap<>();
        root.path("arms").forEach(arm -> arms.put(arm.path("name").asText(), arm(arm, root, sets)));
        return new CellFigures(cell, arms);
    }

    private static Arm arm(JsonNode arm, JsonNode root, List<String> sets) {
        String first = sets.isEmpty() ? "" : sets.get(0);
        double lost = 1 - r1(evaluation(arm, first, true));
        double infonce = infonce(evaluation(arm, first, true));
        boolean stopped = !arm.path("stopped").isNull();
        double chance = r1(root.path("chance").path(first));
        Map<StudyMetric, Double> values = new EnumMap<>(StudyMetric.class);
        values.put(StudyMetric.R1, stopped ? chance : r1(arm.path("retrieval").path(first)));
        values.put(StudyMetric.INFONCE, stopped ? infonce : infonce(evaluation(arm, first, false)));
        if (sets.size() > 1) {
            values.put(
                    StudyMetric.R1_OTHER,
                    stopped
                            ? r1(root.path("chance").path(sets.get(1)))
                            : r1(arm.path("retrieval").path(sets.get(1))));
        }
        values.put(StudyMetric.FAILED, failed(arm.path("verdict").asText()));
        values.put(
                StudyMetric.LOCAL_SPIKES,
                PER * number(arm.at("/spikes/local_gradient_norm")) / number(arm.at("/spikes/judged")));
        values.put(StudyMetric.SECONDS_PER_STEP, number(arm.path("seconds_per_step")));
        double queries = number(arm.path("retrieval")
                .path(first)
                .path(Direction.IMAGE_TO_TEXT.key())
                .path("queries"));
        return new Arm(values, !stopped, queries, Double.isNaN(lost) ? 1 - chance : lost, infonce);
    }

    /** 1 or 0; NaN of a run that was too short to be judged, and of a verdict that this version does not know. */
    private static double failed(String verdict) {
        return Stream.of(Outcome.values())
                .filter(outcome -> outcome.id().equals(verdict) && outcome != Outcome.NOT_JUDGED)
                .mapToDouble(outcome -> outcome.isFailure() ? 1 : 0)
                .findFirst()
                .orElse(Double.NaN);
    }

    /** The first or last evaluation on a set; the first only if it is that of the start. */
    private static JsonNode evaluation(JsonNode arm, String set, boolean atStart) {
        JsonNode found = JSON.missingNode();
        for (JsonNode each : arm.path("evaluations")) {
            boolean wanted = !atStart || each.path("step").asLong() == 0;
            found = wanted && each.path("set").asText().equals(set) ? each : found;
        }
        return found;
    }

    private static double r1(JsonNode scores) {
        double sum = 0;
        for (Direction direction : Direction.values()) {
            sum += number(scores.path(direction.key()).path("r1"));
        }
        return sum / Direction.values().length;
    }

    private static double infonce(JsonNode evaluation) {
        return number(evaluation.path("pairs").path("infonce"));
    }

    private static double number(JsonNode node) {
        return node.isNumber() ? node.asDouble() : Double.NaN;
    }
}
