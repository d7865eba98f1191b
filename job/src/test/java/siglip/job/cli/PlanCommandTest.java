package siglip.job.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The command for a cluster that nobody has here. */
@Timeout(120)
class PlanCommandTest {
    private final StringWriter out = new StringWriter();
    private final StringWriter err = new StringWriter();

    @Test
    void aMillionPairsArePlannedWithoutThemAndWithoutData() throws Exception {
        assertThat(plan("training.batch-size=1048576", "--ranks", "64,1024", "--json"))
                .isZero();

        JsonNode plans = new ObjectMapper().readTree(out.toString()).get("plans");
        JsonNode sigmoid = plans.get(0).get("arms").get(0);
        JsonNode softmax = plans.get(0).get("arms").get(1);
        long n = 1_048_576 / 64;
        assertThat(sigmoid.get("ring_bytes").asLong()).isEqualTo(63 * 4 * n * (2 * 8 + 1));
        assertThat(softmax.get("ring_bytes").asLong()).isEqualTo(63 * 4 * n * (2 * 8 + 1) + 63 * 2 * 48 * n);
        assertThat(sigmoid.get("seconds").asDouble()).isPositive();
        assertThat(memory(softmax) - memory(sigmoid)).isGreaterThan(61 * 4 * n * 9); // all texts but two
        assertThat(plans.get(1).get("ranks").asInt()).isEqualTo(1024);
    }

    @Test
    void aMillionRanksArePlanned() throws Exception {
        assertThat(plan("training.batch-size=1048577", "--ranks", "1000000", "--json"))
                .isZero();

        JsonNode arm = new ObjectMapper().readTree(out.toString()).at("/plans/0/arms/0");
        assertThat(arm.get("ring_bytes").asLong()).isEqualTo(4 * (1_048_576L * 9 + 1_048_576L * 8));
    }

    @Test
    void equalColumnsAgree() throws Exception {
        assertThat(plan("training.batch-size=512", "--ranks", "2,2,2,2", "--json"))
                .isZero();

        List<Double> seconds = new ArrayList<>();
        new ObjectMapper()
                .readTree(out.toString())
                .get("plans")
                .forEach(each -> seconds.add(each.get("step_seconds").asDouble()));
        assertThat(Collections.max(seconds)).as("%s", seconds).isLessThan(1.1 * Collections.min(seconds));
    }

    @Test
    void theTableSaysWhereTheLimitIsAndWhatDoesNotFit() {
        assertThat(plan("plan.executor-memory=1 MiB", "--ranks", "2")).isZero();

        assertThat(out.toString())
                .containsPattern("limit +(compute|network|driver) +(compute|network|driver)")
                .contains("core-hours of the run", "GFLOP/s", "spark.executor.memory=")
                .contains("WARNING, 2 ranks: A rank does not fit");
    }

    @Test
    void moreRanksThanPairsAreRefused() {
        assertThat(plan("training.batch-size=4", "--ranks", "8")).isEqualTo(2);
        assertThat(err.toString()).contains("Cannot plan for 8 ranks: each rank needs a pair of the 4");
    }

    @Test
    void oneWidthWithoutTheOtherIsRefused() {
        assertThat(plan("plan.text-width=null")).isEqualTo(2);
        assertThat(err.toString()).contains("plan.image-width must be given together with plan.text-width");
    }

    private static long memory(JsonNode arm) {
        return arm.get("memory").get("off_heap_bytes").asLong();
    }

    private int plan(String setting, String... more) {
        List<String> arguments = new ArrayList<>(List.of("plan"));
        for (String each : List.of(
                "plan.image-width=12",
                "plan.text-width=12",
                "towers.width=8",
                "towers.image.hidden=[16]",
                "towers.text.hidden=[16]",
                setting)) {
            arguments.addAll(List.of("--set", each));
        }
        arguments.addAll(List.of(more));
        return Main.commandLine(new Failures())
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(arguments.toArray(String[]::new));
    }
}
