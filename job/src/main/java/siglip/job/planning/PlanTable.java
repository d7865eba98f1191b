package siglip.job.planning;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Stream;
import siglip.job.files.Unit;
import siglip.job.losses.Network;
import siglip.job.stage.Phase;

/** A plan for people: plain ASCII, one column for each arm on each number of ranks. */
public final class PlanTable {
    private static final long MIB = 1 << 20;
    private static final long STEP = 256 * MIB;
    private static final long SPARK_HEAP = 768 * MIB; // what Spark keeps to itself, and room for the collector
    private static final long NETTY = 128 * MIB; // pools of the network library
    private static final long NATIVE = 384 * MIB; // code, threads, product library

    private final Forecast forecast;
    private final StringBuilder out = new StringBuilder();

    private PlanTable(Forecast forecast) {
        this.forecast = forecast;
    }

    public static String of(Forecast forecast) {
        PlanTable table = new PlanTable(forecast);
        table.machine();
        table.steps();
        forecast.plans().forEach(table::memory);
        table.warnings();
        return table.out.toString();
    }

    private void line(String format, Object... values) {
        out.append(String.format(Locale.ROOT, format, values).stripTrailing()).append('\n');
    }

    private void machine() {
        Workload work = forecast.plans().get(0).work();
        line(
                "Global batch %,d, embeddings of %,d floats, %,d parameters%s, cores of a rank: %d",
                work.lossShape().rows().total(),
                work.lossShape().width(),
                work.layout().dense(),
                work.layout().tableRows() == 0
                        ? ""
                        : " and a table of %,d x %,d"
                                .formatted(
                                        work.layout().tableRows(), work.layout().tableWidth()),
                work.lossShape().cores());
        line(
                "Measured here: %s, %s",
                forecast.numerics().products(), forecast.numerics().elementwise());
        for (ProductRates rates : forecast.products()) {
            line(
                    "  products in %s: %s GFLOP/s in tiles of logits, %s in layers of towers, one core",
                    rates.precision().id(), Unit.brief(rates.tile() * 1e-9), Unit.brief(rates.tower() * 1e-9));
        }
        Network network = forecast.network();
        line(
                "  messages: %s latency, %s/s each way (as measured on loopback, or as set), and %s and %s for a MiB of a core's time",
                Unit.SECONDS.plain(network.latency()),
                Unit.BYTES.plain(network.bandwidth()),
                Unit.SECONDS.plain(network.message()),
                Unit.SECONDS.plain(network.processing() * (1 << 20)));
        line("");
    }

    private record Column(RunForecast plan, StepForecast arm) {}

    private void steps() {
        List<Column> columns = forecast.plans().stream()
                .flatMap(plan -> plan.arms().stream().map(arm -> new Column(plan, arm)))
                .toList();
        Map<String, Function<Column, String>> cells = new LinkedHashMap<>();
        cells.put(
                "ranks",
                each -> String.format(
                        Locale.ROOT, "%,d", each.plan.work().lossShape().ranks()));
        cells.put("spread of the rounds", each -> "%.0f %%".formatted(100 * each.plan.spread()));
        cells.put("loss", each -> each.arm.loss().id());
        cells.put("step", each -> Unit.SECONDS.plain(each.arm.seconds()));
        for (Phase phase : Phase.values()) {
            cells.put("  " + phase.key(), each -> Unit.SECONDS.plain(each.arm.seconds(phase)));
        }
        cells.put("limit", each -> each.arm.limit().key());
        cells.put(
                "pairs per second",
                each -> Unit.COUNT.plain(each.plan.work().lossShape().rows().total() / each.arm.seconds()));
        cells.put("core-hours of the run", each -> Unit.brief(each.plan.coreHours(each.arm)));
        cells.put(
                "a rank sends on the ring",
                each -> Unit.BYTES.plain(each.arm.traffic().ring()));
        cells.put(
                "a rank sends to reduce",
                each -> Unit.BYTES.plain(each.arm.traffic().reduce()));
        cells.put(
                "the driver sends", each -> Unit.BYTES.plain(each.arm.traffic().driver()));
        cells.put(
                "memory of the arm, a rank",
                each -> Unit.BYTES.plain(each.arm.memory().total()));
        List<List<String>> rows = new ArrayList<>();
        cells.forEach((name, cell) -> rows.add(
                Stream.concat(Stream.of(name), columns.stream().map(cell)).toList()));
        int[] widths = new int[columns.size() + 1];
        for (List<String> row : rows) {
            for (int i = 0; i < row.size(); i++) {
                widths[i] = Math.max(widths[i], row.get(i).length());
            }
        }
        for (List<String> row : rows) {
            StringBuilder text = new StringBuilder(("%-" + widths[0] + "s").formatted(row.get(0)));
            for (int i = 1; i < row.size(); i++) {
                text.append(("  %" + widths[i] + "s").formatted(row.get(i)));
            }
            line("%s", text);
        }
    }

    private void memory(RunForecast plan) {
        line("");
        line("Memory, %,d ranks", plan.work().lossShape().ranks());
        parts("a rank, with all arms", plan.rank());
        parts("the driver, with all arms", plan.driver());
        line("  to set, one rank an executor: %s", toSet("executor", plan.rank()));
        line("  to set, driver: %s", toSet("driver", plan.driver()));
    }

    /** Spark's options for so much memory: docs/memory.md has the reasons. */
    private static String toSet(String who, Memory memory) {
        return "spark.%s.memory=%dm, spark.%s.memoryOverhead=%dm, -XX:MaxDirectMemorySize=%dm"
                .formatted(
                        who,
                        mib(memory.heap() + SPARK_HEAP),
                        who,
                        mib(memory.direct() + NETTY + NATIVE),
                        mib(memory.direct() + NETTY));
    }

    private static long mib(long bytes) {
        return (bytes + STEP - 1) / STEP * STEP / MIB;
    }

    private void parts(String who, Memory memory) {
        line(
                "  %-52s %10s off heap  %10s on heap",
                who, Unit.BYTES.plain(memory.direct()), Unit.BYTES.plain(memory.heap()));
        for (Memory.Part part : memory.parts()) {
            line(
                    "    %-50s %10s           %10s",
                    part.what(),
                    Unit.BYTES.plain(part.direct()),
                    part.heap() == 0 ? "" : Unit.BYTES.plain(part.heap()));
        }
    }

    private void warnings() {
        for (RunForecast plan : forecast.plans()) {
            for (String warning : plan.warnings()) {
                line("");
                line("WARNING, %,d ranks: %s.", plan.work().lossShape().ranks(), warning);
            }
        }
    }
}
