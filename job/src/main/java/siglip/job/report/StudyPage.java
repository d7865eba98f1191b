package siglip.job.report;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import siglip.job.config.StudySettings.Axis;
import siglip.job.files.Unit;
import siglip.job.stability.Estimate;
import siglip.job.study.ArmDifference;
import siglip.job.study.ArmSample;
import siglip.job.study.StudyCell;
import siglip.job.study.StudyFigures;
import siglip.job.study.StudyFigures.Figure;
import siglip.job.study.StudyFigures.Group;
import siglip.job.study.StudyMetric;

/** The page of a study: a table for each condition, and plots over seeds, or over each axis of numbers. Made as {@link HtmlReport} is. */
final class StudyPage {
    private static final List<StudyMetric> PLOTTED =
            List.of(StudyMetric.R1, StudyMetric.FAILED, StudyMetric.LOCAL_SPIKES);
    private static final int COLOURS = 6;
    private static final Pattern NUMBER = Pattern.compile("-?\\d+(\\.\\d+)?(E-?\\d+)?");

    /** Numbers that go this far apart stand on a logarithmic axis. */
    private static final double FAR = 8;

    private final StudyFigures figures;
    private final List<String> arms;
    private final Markup page = new Markup();

    private StudyPage(StudyFigures figures) {
        this.figures = figures;
        arms = figures.arms();
    }

    static String of(StudyFigures figures) {
        return new StudyPage(figures).write();
    }

    private String write() {
        String name = figures.plan().settings().run().name();
        HtmlReport.begin(page, name);
        page.open("body").line().open("header");
        page.leaf("p", "siglip-spark study", "class", "kicker");
        page.leaf("h1", name);
        page.leaf(
                "p",
                "%,d runs: one for each of %d seeds%s"
                        .formatted(
                                figures.plan().cells().size(),
                                figures.plan().seeds().size(),
                                figures.plan().conditions().size() == 1
                                        ? ""
                                        : " and %d conditions"
                                                .formatted(figures.plan()
                                                        .conditions()
                                                        .size())),
                "class",
                "when");
        page.open("ul", "class", "arms");
        for (String arm : arms) {
            page.open("li");
            page.open("span", "class", "dot " + colour(arm), "aria-hidden", "true")
                    .close();
            page.leaf("b", arm).close();
        }
        page.close().close().line();
        page.open("main").line();
        page.open("section", "id", "summary").leaf("h2", "In short").open("ul", "class", "verdict");
        StudyCells.findings(figures)
                .forEach(finding -> page.open("li").leaf("b", finding).close());
        StudyCells.notes(figures).forEach(note -> page.leaf("li", note));
        page.close().close().line();
        plots();
        figures.groups().stream().filter(Group::overRates).forEach(this::table);
        figures.groups().stream().filter(group -> !group.overRates()).forEach(this::table);
        runs();
        page.close().line();
        return HtmlReport.end(page);
    }

    private String colour(String arm) {
        return "arm" + arms.indexOf(arm) % COLOURS;
    }

    private void table(Group group) {
        String title = StudyCells.title(group);
        page.open("section").leaf("h2", title.isEmpty() ? "Side by side" : title);
        page.open("table", "class", arms.size() > 3 ? "compare" : "compare few")
                .open("thead")
                .open("tr");
        page.leaf("th", "Measured", "scope", "col");
        arms.forEach(arm -> page.leaf("th", arm, "scope", "col", "class", "value"));
        page.leaf("th", "Difference and verdict", "scope", "col");
        page.close().close().open("tbody").line();
        for (Figure figure : group.figures()) {
            page.open("tr").leaf("th", figure.metric().label(), "scope", "row");
            for (String arm : arms) {
                ArmSample sample = figure.arms().get(arm);
                page.open("td", "class", "value").leaf("span", arm + " ", "class", "who");
                page.text(sample == null ? Unit.NONE : StudyCells.sample(figure.metric(), sample))
                        .close();
            }
            page.open("td", "class", "words");
            for (ArmDifference difference : figure.differences()) {
                if (!Double.isNaN(difference.effect().value())) {
                    page.leaf("p", sentence(difference));
                }
            }
            page.close().close().line();
        }
        page.close().close().close().line();
    }

    private static String sentence(ArmDifference difference) {
        String verdict = StudyCells.verdict(difference);
        return "%s %s %s: %s%s"
                .formatted(
                        difference.first(),
                        difference.isRatio() ? "/" : Unit.MINUS,
                        difference.second(),
                        StudyCells.effect(difference),
                        verdict.isEmpty() ? "" : "; " + verdict);
    }

    private void plots() {
        List<LinePlot> plots = new ArrayList<>();
        List<Axis> axes = figures.plan().settings().study().axes();
        if (axes.isEmpty()) {
            figures.groups().forEach(group -> bySeed(group, plots));
        }
        axes.stream().filter(StudyPage::isOfNumbers).forEach(axis -> over(axis, plots));
        if (!plots.isEmpty()) {
            page.open("section", "id", "plots")
                    .leaf("h2", "Values and intervals")
                    .open("div", "class", "plots")
                    .line();
            plots.forEach(plot -> plot.write(page));
            page.close().close().line();
        }
    }

    /** Pairs of values one above the other. */
    private void bySeed(Group group, List<LinePlot> plots) {
        for (Figure figure : group.figures()) {
            if (!PLOTTED.contains(figure.metric()) || figure.metric() == StudyMetric.FAILED) {
                continue;
            }
            Unit unit = figure.metric().unit();
            LinePlot plot = new LinePlot(figure.metric().label(), "seed", yLabel(figure.metric()))
                    .words(
                            "Each seed starts all arms from the same parameters and gives them the same batches. The bars at the right are means with 95"
                                    + Unit.NB + "% intervals.");
            double next = figures.plan().seeds().get(figures.plan().seeds().size() - 1);
            for (Map.Entry<String, ArmSample> arm : figure.arms().entrySet()) {
                ArmSample sample = arm.getValue();
                plot.add(new Curve(
                        arm.getKey(),
                        colour(arm.getKey()),
                        Curve.Style.POINTS,
                        sample.values().keySet().stream()
                                .mapToDouble(seed -> seed)
                                .toArray(),
                        sample.values().values().stream()
                                .mapToDouble(unit::plotted)
                                .toArray()));
                next += 0.4;
                interval(plot, colour(arm.getKey()), next, unit, sample.interval());
            }
            plots.add(plot);
        }
    }

    private static void interval(LinePlot plot, String colour, double x, Unit unit, Estimate mean) {
        plot.whisker(colour, x, unit.plotted(mean.low()), unit.plotted(mean.high()));
        plot.add(new Curve("", colour, Curve.Style.SOLID, new double[] {x}, new double[] {unit.plotted(mean.value())}));
    }

    /** One plot for each metric, and each condition of the other axes. */
    private void over(Axis axis, List<LinePlot> plots) {
        double[] places =
                axis.values().stream().mapToDouble(Double::parseDouble).sorted().toArray();
        boolean far = places[0] > 0 && places[places.length - 1] / places[0] >= FAR;
        Set<Map<String, String>> others = new LinkedHashSet<>();
        List<Group> groups = figures.groups().stream()
                .filter(group -> !group.overRates())
                .sorted(Comparator.comparingDouble(group -> place(group, axis)))
                .toList();
        groups.forEach(group -> others.add(without(axis, group)));
        for (Map<String, String> other : others) {
            List<Group> line = groups.stream()
                    .filter(group -> without(axis, group).equals(other))
                    .toList();
            for (StudyMetric metric : PLOTTED) {
                String at = StudyCell.title(other);
                LinePlot plot = new LinePlot(
                                metric.label() + (at.isEmpty() ? "" : ", " + at), axis.key(), yLabel(metric))
                        .fromZero()
                        .words(
                                metric == StudyMetric.FAILED
                                        ? "Share of seeds."
                                        : "Mean over seeds; bars are 95" + Unit.NB + "% intervals.");
                arms.forEach(arm -> curve(plot, arm, metric, axis, line));
                if (!plot.empty()) {
                    plots.add(far ? plot.logPlaces() : plot);
                }
            }
        }
    }

    private void curve(LinePlot plot, String arm, StudyMetric metric, Axis axis, List<Group> line) {
        Unit unit = metric.unit();
        double[] x = line.stream().mapToDouble(group -> place(group, axis)).toArray();
        double[] y = new double[x.length];
        for (int i = 0; i < x.length; i++) {
            double place = x[i];
            Stream<ArmSample> found = line.get(i).figures().stream()
                    .filter(figure -> figure.metric() == metric && figure.arms().containsKey(arm))
                    .map(figure -> figure.arms().get(arm));
            ArmSample sample = found.findFirst().orElseGet(() -> new ArmSample(new TreeMap<>()));
            y[i] = unit.plotted(sample.mean());
            if (metric != StudyMetric.FAILED) {
                Estimate mean = sample.interval();
                plot.whisker(colour(arm), place, unit.plotted(mean.low()), unit.plotted(mean.high()));
            }
        }
        if (Arrays.stream(y).anyMatch(Double::isFinite)) {
            plot.add(new Curve(arm, colour(arm), Curve.Style.POINTS, x, y));
        }
    }

    private static double place(Group group, Axis axis) {
        return Double.parseDouble(group.condition().get(axis.key()));
    }

    private static Map<String, String> without(Axis axis, Group group) {
        Map<String, String> other = new LinkedHashMap<>(group.condition());
        other.remove(axis.key());
        return other;
    }

    private static boolean isOfNumbers(Axis axis) {
        return axis.values().size() > 1 && axis.values().stream().allMatch(NUMBER.asMatchPredicate());
    }

    private static String yLabel(StudyMetric metric) {
        return metric.unit() == Unit.SHARE ? "%" : metric.label();
    }

    private void runs() {
        page.open("section", "id", "runs").leaf("h2", "The runs");
        page.open("details")
                .leaf("summary", "%,d folders".formatted(figures.plan().cells().size()));
        page.open("ul");
        String home = figures.plan().settings().run().folder() + "/";
        figures.plan().cells().forEach(cell -> {
            String path = cell.folder().substring(home.length());
            page.open("li")
                    .leaf("a", path, "href", "./" + path + "/report.html")
                    .close();
        });
        page.close().close().close().line();
    }
}
