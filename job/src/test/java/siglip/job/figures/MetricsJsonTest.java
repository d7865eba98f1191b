package siglip.job.figures;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ComparisonResult;
import siglip.job.report.SampleRun;

public class MetricsJsonTest {
    static final Path DOCUMENT = Path.of("..", "docs", "metrics.md");

    @Test
    void everyKeyIsDocumentedAndEveryDocumentedKeyIsWritten() throws IOException {
        JsonNode metrics = metrics(new SampleRun().incidents("one").build());
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
            assertThat(ArmMetric.named(metric.key())).contains(metric);
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
        assertThat(metrics.at("/arms/1/evaluations")).hasSize(24);
        assertThat(metrics.at("/nearest_neighbour/seen/r1").asDouble()).isEqualTo(0.412);
    }

    @Test
    void whatIsWrittenIsReadBack() throws IOException {
        for (SampleRun run : List.of(
                new SampleRun().incidents("one", "two"),
                new SampleRun().arms("siglip").steps(3).evaluations(0).withoutConcepts())) {
            RunFigures figures = run.figures();

            RunFigures read = MetricsJson.read(MetricsJson.write(figures));

            assertThat(read).isEqualTo(figures);
            assertThat(MetricsJson.write(read)).isEqualTo(MetricsJson.write(figures));
        }
    }

    @Test
    void anotherFormatIsRefused() {
        String newer = MetricsJson.write(new SampleRun().figures()).replace("\"format\" : 1", "\"format\" : 7");

        assertThatThrownBy(() -> MetricsJson.read(newer))
                .isInstanceOf(IOException.class)
                .hasMessage("Cannot read metrics.json: it has format 7, this program reads 1");
    }

    @Test
    void aDivergedRunIsStillJson() throws IOException {
        JsonNode metrics = metrics(new SampleRun().diverging(1, 20).build());

        assertThat(metrics.at("/arms/1/final_loss").isNull()).isTrue();
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
        } else if (node.isObject()) {
            node.fields().forEachRemaining(field -> {
                boolean direction = path.matches("(chance|arms.*retrieval)\\.\\*")
                        && !field.getKey().equals("step");
                boolean named = direction
                        || path.matches(
                                "data|environment|numerics|chance|nearest_neighbour|.*retrieval|.*class_accuracy(\\.\\*)?");
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
