package siglip.job.planning;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Function;
import java.util.stream.Collectors;
import siglip.job.files.Unit;
import siglip.job.losses.Network;
import siglip.job.stage.Phase;

/** A plan for people: plain ASCII, one column for each arm on each number of ranks. */
public final class PlanTable {
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
                work.rows().total(),
                work.width(),
                work.layout().dense(),
                work.layout().tableRows() == 0
                        ? ""
                        : " and a table of %,d x %,d"
                                .formatted(
                                        work.layout().tableRows(), work.layout().tableWidth()),
                work.cores());
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
        List<List<String>> rows = new ArrayList<>();
        row(
                rows,
                "ranks",
                columns,
                column -> String.format(Locale.ROOT, "%,d", column.plan.work().ranks()));
        row(rows, "loss", columns, column -> column.arm.loss().id());
        row(rows, "step", columns, column -> Unit.SECONDS.plain(column.arm.seconds()));
        for (Phase phase : Phase.values()) {
            row(rows, "  " + phase.key(), columns, column -> Unit.SECONDS.plain(column.arm.seconds(phase)));
        }
        row(rows, "limit", columns, column -> column.arm.limit().key());
        row(
                rows,
                "pairs per second",
                columns,
                column -> Unit.COUNT.plain(column.plan.work().rows().total() / column.arm.seconds()));
        row(rows, "core-hours of the run", columns, column -> Unit.brief(column.plan.coreHours(column.arm)));
        row(
                rows,
                "a rank sends on the ring",
                columns,
                column -> Unit.BYTES.plain(column.arm.traffic().ring()));
        row(
                rows,
                "a rank sends to reduce",
                columns,
                column -> Unit.BYTES.plain(column.arm.traffic().reduce()));
        row(
                rows,
                "the driver sends",
                columns,
                column -> Unit.BYTES.plain(column.arm.traffic().driver()));
        row(
                rows,
                "memory of the arm, a rank",
                columns,
                column -> Unit.BYTES.plain(column.arm.memory().total()));
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

    private static void row(List<List<String>> rows, String name, List<Column> columns, Function<Column, String> cell) {
        List<String> row = new ArrayList<>(List.of(name));
        row.addAll(columns.stream().map(cell).collect(Collectors.toList()));
        rows.add(row);
    }

    private void memory(RunForecast plan) {
        line("");
        line("Memory, %,d ranks", plan.work().ranks());
        parts("a rank, with all arms", plan.rank());
        parts("the driver, with all arms", plan.driver());
        Advice advice = Advice.of(plan);
        line("  to set, one rank an executor: %s", advice.executor());
        line("  to set, driver: %s", advice.driver());
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
                line("WARNING, %,d ranks: %s.", plan.work().ranks(), warning);
            }
        }
    }
}
