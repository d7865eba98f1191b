package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import siglip.job.figures.MetricsJsonTest;

/** Measurements at the parameters of a small run's checkpoints. */
@Timeout(300)
class StabilityIT {
    private static final int STEPS = 12;

    @TempDir
    static Path runs;

    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @BeforeAll
    static void train() {
        StabilityIT run = new StabilityIT();
        int code = run.execute("compare", "--out=" + runs, "--name=small", "--set=checkpoint.every-steps=4");

        assertThat(code).as(run.err.toString()).isZero();
    }

    private int execute(String command, String... more) {
        out.getBuffer().setLength(0);
        err.getBuffer().setLength(0);
        List<String> arguments = new ArrayList<>(List.of(command));
        SmallEmoji.SETTINGS.forEach(setting -> arguments.add("--set=" + setting));
        arguments.add("--set=training.steps=" + STEPS);
        arguments.add("--set=training.batch-size=64");
        arguments.add("--set=data.path=" + Path.of("..", "data", "emoji"));
        arguments.addAll(List.of(more));
        CommandLine line = Main.commandLine(new Failures());
        line.setOut(new PrintWriter(out, true));
        line.setErr(new PrintWriter(err, true));
        return line.execute(arguments.toArray(String[]::new));
    }

    private JsonNode measure(String... more) throws IOException {
        List<String> arguments =
                new ArrayList<>(List.of("--checkpoint=" + runs.resolve("small"), "--batches=6", "--json"));
        arguments.addAll(List.of(more));
        assertThat(execute("stability", arguments.toArray(String[]::new)))
                .as(err.toString())
                .isZero();
        return new ObjectMapper().readTree(out.toString());
    }

    @Test
    void everyLossIsMeasuredAtTheParametersOfEveryArmAndEveryKeyIsDocumented() throws IOException {
        JsonNode figures = measure();

        assertThat(figures.get("batches").asInt()).isEqualTo(6);
        assertThat(figures.get("models")).hasSize(2);
        for (JsonNode model : figures.get("models")) {
            assertThat(model.get("step").asInt()).isEqualTo(STEPS);
            assertThat(model.get("losses")).hasSize(2);
            assertThat(model.get("angles")).hasSize(1);
            double scale = model.at("/scalars/scale").asDouble();
            for (JsonNode loss : model.get("losses")) {
                assertThat(loss.at("/scalars/scale").asDouble()).isEqualTo(scale);
                double parts = loss.at("/gradient/image_tower/mean_square").asDouble()
                        + loss.at("/gradient/text_tower/mean_square").asDouble()
                        + loss.at("/gradient/table/mean_square").asDouble();
                assertThat(loss.at("/gradient/model/mean_square").asDouble()).isCloseTo(parts, within(1e-9 * parts));
            }
            JsonNode siglip = model.at("/losses/0");
            JsonNode clip = model.at("/losses/1");
            assertThat(siglip.at("/gradient/bias/mean_square").asDouble())
                    .as("square of the mean gradient of a bias that is fitted")
                    .isLessThan(1e-7);
            assertThat(siglip.at("/curvature/mean_logit/value").asDouble())
                    .as("what moves all logits alike is stiff for the sigmoid alone")
                    .isGreaterThan(
                            10 * Math.abs(clip.at("/curvature/mean_logit/value").asDouble()));
        }
        Set<String> keys = new TreeSet<>();
        keys(figures, "", keys);
        assertThat(keys).isEqualTo(MetricsJsonTest.documented("## stability"));
    }

    private static void keys(JsonNode node, String path, Set<String> keys) {
        if (node.isArray()) {
            node.forEach(each -> keys(each, path + "[]", keys));
        } else if (node.isObject()) {
            for (Iterator<Map.Entry<String, JsonNode>> fields = node.fields(); fields.hasNext(); ) {
                Map.Entry<String, JsonNode> field = fields.next();
                String name = path.matches("models\\[]\\.(scalars|losses\\[]\\.(scalars|gradient)|angles\\[]\\.cosine)")
                        ? "*"
                        : field.getKey();
                keys(field.getValue(), path.isEmpty() ? name : path + "." + name, keys);
            }
        } else {
            keys.add(path.replaceAll("\\.(value|low|high)$", ""));
        }
    }

    @Test
    void measurementsRepeatBitForBitAndAnotherNumberOfRanksChangesThemByRounding() throws IOException {
        JsonNode two = measure();
        JsonNode again = measure();
        JsonNode one = measure("--set=run.ranks=1");
        JsonNode shuffled = measure("--set=data.source=shuffled");

        assertThat(again).isEqualTo(two);
        assertThat(shuffled).isEqualTo(two);
        assertThat(measure("--set=loss.precision=bf16")).as("always in float32").isEqualTo(two);
        for (String figure : List.of(
                "value/value",
                "gradient/model/square/value",
                "gradient/model/variance/value",
                "gradient/model/batch_cosine/value",
                "scalars/scale",
                "scalars/bias")) {
            for (int model = 0; model < 2; model++) {
                for (int loss = 0; loss < 2; loss++) {
                    String path = "/models/%d/losses/%d/%s".formatted(model, loss, figure);
                    double expected = two.at(path).asDouble();
                    assertThat(one.at(path).asDouble()).as(path).isCloseTo(expected, within(1e-3 * Math.abs(expected)));
                }
            }
        }
    }

    @Test
    void aRunMeasuresTheSameAtItsEvaluationsAndTrainsAsWithout() throws IOException {
        assertThat(execute(
                        "compare",
                        "--out=" + runs,
                        "--name=measured",
                        "--set=measure.frozen-batches=6",
                        "--set=evaluation.every-steps=6"))
                .as(err.toString())
                .isZero();

        Path measured = runs.resolve("measured");
        assertThat(measured.resolve("stability"))
                .isDirectoryContaining("glob:**step-0.json")
                .isDirectoryContaining("glob:**step-6.json");
        JsonNode last = new ObjectMapper()
                .readTree(measured.resolve("stability/step-12.json").toFile());
        JsonNode command = measure();
        for (int model = 0; model < 2; model++) {
            for (String part : List.of("arm", "step", "losses", "angles")) {
                String path = "/models/%d/%s".formatted(model, part);
                assertThat(last.at(path)).as(path).isEqualTo(command.at(path));
            }
        }
        for (String arm : List.of("siglip", "clip")) {
            assertThat(measured.resolve("models/%s/table.bin".formatted(arm)))
                    .hasSameBinaryContentAs(runs.resolve("small/models/%s/table.bin".formatted(arm)));
        }
    }

    @Test
    void aRelativeBiasIsFittedAsABiasIsAndMakesTheSameLoss() throws IOException {
        JsonNode losses = measure("--set=loss.arms=[{name=a,loss=sigmoid,initial-scale=10},"
                        + "{name=r,loss=sigmoid-relative,initial-scale=10}]")
                .at("/models/1/losses");

        JsonNode bias = losses.get(0);
        JsonNode relative = losses.get(1);
        double scale = bias.at("/scalars/scale").asDouble();
        assertThat(-scale * relative.at("/scalars/relative-bias").asDouble())
                .isCloseTo(bias.at("/scalars/bias").asDouble(), within(1e-3));
        assertThat(relative.at("/value/value").asDouble())
                .isCloseTo(bias.at("/value/value").asDouble(), within(1e-5));
        assertThat(relative.at("/gradient/model/square/value").asDouble())
                .isCloseTo(
                        bias.at("/gradient/model/square/value").asDouble(),
                        within(2e-3 * bias.at("/gradient/model/mean_square").asDouble()));
    }

    @Test
    void peopleGetATableThatSaysWhatIsUnresolved() {
        String checkpoint = "--checkpoint=" + runs.resolve("small");

        assertThat(execute("stability", checkpoint, "--batches=4"))
                .as(err.toString())
                .isZero();

        assertThat(out.toString())
                .contains("4 independent batches of N = 64 pairs")
                .contains("At the parameters of siglip after 12 steps")
                .contains("At the parameters of clip after 12 steps")
                .contains("angle between the gradients of siglip and clip");
        assertThat(err.toString()).contains("measuring 2 losses at the parameters of siglip");
    }

    @Test
    void aCheckpointOfOtherTowersOrOtherDataIsRefusedWithTheDifference() {
        String checkpoint = "--checkpoint=" + runs.resolve("small");

        assertThat(execute("stability", checkpoint, "--set=towers.width=8")).isEqualTo(2);
        assertThat(err.toString()).contains("towers.width was 16, now 8").contains("settings of its run");

        assertThat(execute("stability", checkpoint, "--set=data.train=\"vendor = 'noto'\""))
                .isEqualTo(2);
        assertThat(err.toString()).contains("the data were");

        assertThat(execute("stability", "--checkpoint=" + runs.resolve("none"))).isEqualTo(2);
        assertThat(err.toString()).contains("there is no valid checkpoint");

        assertThat(execute("stability", checkpoint, "--batches=3")).isEqualTo(2);
        assertThat(err.toString()).contains("--batches takes 4 to 10,000");
    }
}
