package siglip.job.figures;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ComparisonResult;
import siglip.job.evaluation.Direction;
import siglip.job.evaluation.Evaluation;
import siglip.job.evaluation.RetrievalMetric;
import siglip.job.report.SampleRun;
import siglip.job.stage.Phase;
import siglip.kernels.LossScalar;

public class MetricsJsonTest {
    static final Path DOCUMENT = Path.of("..", "docs", "metrics.md");

    @Test
    void everyKeyIsDocumentedAndEveryDocumentedKeyIsWritten() throws IOException {
        JsonNode metrics = metrics(new SampleRun()
                .arms("siglip", "clip", "third")
                .incidents("one")
                .constant(100, 200)
                .diverging(1, 700)
                .build());
        Set<String> written = new TreeSet<>();
        keys(metrics, "", written);

        assertThat(written).isEqualTo(documented("## metrics.json"));
    }

    @Test
    void everyMetricStandsUnderItsKeyAndInTheDocumentInItsOwnWords() throws IOException {
        JsonNode metrics = metrics(new SampleRun().build());
        RunFigures figures = new SampleRun().figures();
        String document = Files.readString(DOCUMENT);

        for (ArmMetric metric : ArmMetric.values()) {
            assertThat(document).contains("| `arms[].%s` | %s |%n".formatted(metric.key(), metric.words()));
            for (int arm = 0; arm < 2; arm++) {
                JsonNode node =
                        metrics.at("/arms/%d/%s".formatted(arm, metric.key().replace('.', '/')));
                assertThat(node.asDouble(Double.NaN))
                        .as("%s", metric)
                        .isEqualTo(figures.arms().get(arm).get(metric));
            }
        }
        assertThat(metrics.at("/arms/1/bias/start").isNull()).isTrue();
        ArmFigures siglip = figures.arms().get(0);
        assertThat(metrics.at("/arms/0/bias/end").asDouble())
                .isEqualTo(siglip.scalars().get(LossScalar.BIAS).end());
        for (Phase phase : Phase.values()) {
            assertThat(metrics.at("/arms/0/phase_seconds/" + phase.key()).asDouble())
                    .isEqualTo(siglip.times().mean().get(phase));
        }
        Evaluation first = siglip.evaluations().get(0);
        JsonNode written = metrics.at("/arms/0/evaluations/0");
        for (Direction direction : Direction.values()) {
            assertThat(written.at("/%s/r5".formatted(direction.key())).asDouble())
                    .isEqualTo(first.score(direction).get(RetrievalMetric.R5));
        }
        assertThat(written.at("/class_accuracy/subgroup").asDouble())
                .isEqualTo(first.classAccuracy().get("subgroup"));
        assertThat(metrics.at("/arms/1/evaluations")).hasSize(24);
        assertThat(metrics.at("/nearest_neighbour/seen/r1").asDouble()).isEqualTo(0.412);
    }

    @Test
    void aDivergedRunIsStillJson() throws IOException {
        JsonNode metrics = metrics(new SampleRun().diverging(1, 20).build());

        assertThat(metrics.at("/arms/1/final_loss").isNull()).isTrue();
        assertThat(metrics.at("/arms/1/stopped_at").asLong()).isEqualTo(20);
        assertThat(metrics.at("/arms/1/retrieval").isMissingNode())
                .as("what it was before is no result")
                .isTrue();
        assertThat(metrics.at("/arms/0/stopped_at").isMissingNode()).isTrue();
        assertThat(metrics.at("/arms/1/gradient_norm/max_over_median").isNull()).isTrue();
        assertThat(metrics.at("/arms/1/stopped").asText()).isEqualTo("the loss of step 20 is NaN");
        assertThat(metrics.at("/arms/0/stopped").isNull()).isTrue();
    }

    /** The first column of the table under a heading, up to the next heading. */
    public static Set<String> documented(String heading) throws IOException {
        String document = Files.readString(DOCUMENT);
        int from = document.indexOf(heading) + heading.length();
        int to = document.indexOf("\n## ", from);
        Matcher rows = Pattern.compile("(?m)^\\| `([^`]+)` \\|")
                .matcher(document.substring(from, to < 0 ? document.length() : to));
        Set<String> keys = new TreeSet<>();
        while (rows.find()) {
            assertThat(keys.add(rows.group(1)))
                    .as("documented twice: %s", rows.group(1))
                    .isTrue();
        }
        return keys;
    }

    /** Paths of all leaves, with [] for entries of lists and * for names that the run chose. */
    public static void keys(JsonNode node, String path, Set<String> keys) {
        if (node.isArray()) {
            node.forEach(entry -> keys(entry, path + "[]", keys));
        } else if (node.isObject() && !path.endsWith(".loss_options")) { // whose keys are those of the settings
            node.fields().forEachRemaining(field -> {
                boolean direction = path.matches("(chance|arms.*retrieval|arms.*convergence)\\.\\*")
                        && !field.getKey().equals("step");
                boolean named = direction
                        || path.matches(
                                "data|environment|numerics|chance|arms\\[\\]\\.tensors|nearest_neighbour|.*retrieval|.*convergence|.*class_accuracy(\\.\\*)?|.*r1_difference_from");
                String key = named ? "*" : field.getKey();
                keys(field.getValue(), path.isEmpty() ? key : path + "." + key, keys);
            });
        } else {
            keys.add(path);
        }
    }

    private static JsonNode metrics(ComparisonResult result) throws IOException {
        return new ObjectMapper().readTree(MetricsJson.write(RunFigures.of(result)));
    }
}
