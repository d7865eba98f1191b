package siglip.job.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import siglip.job.comparison.ComparisonResult;
import siglip.job.figures.MetricsJsonTest;
import siglip.job.report.SampleRun;

class StepJsonTest {
    @Test
    void everyStepIsALineInTheOrderOfTraining() throws IOException {
        ComparisonResult result = new SampleRun().steps(50).build();
        List<JsonNode> lines = lines(result);

        assertThat(lines).hasSize(100);
        for (int i = 0; i < lines.size(); i++) {
            StepRecord step = result.arms().get(i % 2).steps().get(i / 2);
            assertThat(lines.get(i).get("arm").asText()).isEqualTo(step.arm());
            assertThat(lines.get(i).get("step").asLong()).isEqualTo(i / 2);
            assertThat(lines.get(i).get("loss").asDouble()).isEqualTo(step.loss());
            assertThat(lines.get(i).at("/ranks/1/ring_bytes").asLong())
                    .isEqualTo(step.ranks().get(1).ringBytes());
        }
    }

    @Test
    void keysAreTheDocumentedOnes() throws IOException {
        Set<String> written = new TreeSet<>();
        for (JsonNode line : lines(new SampleRun().steps(2).build())) {
            MetricsJsonTest.keys(line, "", written);
        }

        assertThat(written).isEqualTo(MetricsJsonTest.documented("## steps.jsonl"));
    }

    @Test
    void whatIsNotFiniteIsAString() throws IOException {
        List<JsonNode> lines = lines(new SampleRun().diverging(0, 7).steps(20).build());
        JsonNode last = lines.get(14);

        assertThat(last.get("step").asLong()).isEqualTo(7);
        assertThat(last.get("loss").isTextual()).isTrue();
        assertThat(last.get("loss").asText()).isEqualTo("NaN");
        assertThat(last.get("gradient_norm").asText()).isEqualTo("Infinity");
    }

    @Test
    void aLineOfAnEarlierProgramIsReadWithoutWhatItDidNotKnow() throws IOException {
        StepRecord now = new SampleRun().steps(1).build().steps().get(0);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StepJson.write(List.of(now), out);
        ObjectNode line = (ObjectNode) new ObjectMapper().readTree(out.toByteArray());
        line.remove(List.of("constant_loss", "tower_gradient_norm", "tensors"));

        StepRecord before = StepJson.read(
                        new ByteArrayInputStream(line.toString().getBytes(StandardCharsets.UTF_8)))
                .get(0);

        assertThat(now.tensors()).isNotEmpty();
        assertThat(before.tensors()).isEmpty();
        assertThat(before.constantLoss()).isNaN();
        assertThat(before.gradientNorm()).isEqualTo(now.gradientNorm());
        assertThat(Math.hypot(before.towerGradientNorm(), before.scalarGradientNorm()))
                .isCloseTo(before.gradientNorm(), within(1e-12));
    }

    private static List<JsonNode> lines(ComparisonResult result) throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        StepJson.write(result.steps(), out);
        String text = out.toString(StandardCharsets.UTF_8);
        assertThat(text).endsWith("}\n");
        List<JsonNode> lines = new ArrayList<>();
        for (String line : text.split("\n", -1)) {
            if (!line.isEmpty()) {
                lines.add(new ObjectMapper().readTree(line));
            }
        }
        return lines;
    }
}
