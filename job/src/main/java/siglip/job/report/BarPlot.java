package siglip.job.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import siglip.job.files.Unit;

/** Draws stacked horizontal bars, a line of text above each, as a figure of HTML with inline SVG. */
final class BarPlot {
    private static final int WIDTH = LinePlot.WIDTH;
    private static final int RIGHT = 12;
    private static final int LABEL = 270; // of a bar, beside its total
    private static final int ROW = 38;
    private static final int BAR = 15;
    private static final int BOTTOM = 36;

    private final String title;
    private final String xLabel;
    private final double perUnit;
    private final Unit unit;
    private final List<Bar> bars = new ArrayList<>();
    private final Map<String, String> legend = new LinkedHashMap<>();
    private String words = "";

    /**
     * A part of a bar.
     *
     * @param colour class of the style sheet
     * @param label in the legend
     */
    record Part(String colour, String label, double value) {}

    private record Bar(String label, String colour, List<Part> parts) {
        double total() {
            return parts.stream()
                    .mapToDouble(Part::value)
                    .filter(Double::isFinite)
                    .sum();
        }
    }

    /**
     * @param xLabel what the axis shows, with its unit
     * @param perUnit size of the axis' unit, in the unit of the values
     * @param unit how totals and parts are written
     */
    BarPlot(String title, String xLabel, double perUnit, Unit unit) {
        this.title = title;
        this.xLabel = xLabel;
        this.perUnit = perUnit;
        this.unit = unit;
    }

    BarPlot words(String plainWords) {
        words = plainWords;
        return this;
    }

    /**
     * @param colour class of the label's dot, {@code arm0}
     */
    BarPlot bar(String label, String colour, List<Part> parts) {
        bars.add(new Bar(label, colour, List.copyOf(parts)));
        parts.forEach(part -> legend.putIfAbsent(part.label(), part.colour()));
        return this;
    }

    boolean empty() {
        return bars.stream().allMatch(bar -> bar.total() == 0);
    }

    void write(Markup page) {
        double longest = bars.stream().mapToDouble(Bar::total).max().orElse(0);
        Axis axis = Axis.linear(0, Math.max(longest, Double.MIN_NORMAL) / perUnit, 5);
        int height = bars.size() * ROW + BOTTOM;
        page.open("figure", "class", "plot").leaf("h4", title);
        page.open(
                "svg",
                "viewBox",
                "0 0 %d %d".formatted(WIDTH, height),
                "role",
                "img",
                "aria-label",
                "%s: %s".formatted(title, xLabel));
        for (double tick : axis.ticks()) {
            String at = LinePlot.px(x(axis, tick));
            page.empty(
                    "line", "class", "grid", "x1", at, "x2", at, "y1", "0", "y2", String.valueOf(height - BOTTOM + 2));
            page.leaf(
                    "text",
                    axis.label(tick),
                    "class",
                    tick == 0 ? "tick" : "tick middle",
                    "x",
                    at,
                    "y",
                    String.valueOf(height - BOTTOM + 16));
        }
        page.leaf(
                "text",
                xLabel,
                "class",
                "axis end",
                "x",
                String.valueOf(WIDTH - RIGHT),
                "y",
                String.valueOf(height - 4));
        for (int i = 0; i < bars.size(); i++) {
            bar(page, bars.get(i), i * ROW, axis);
        }
        page.close().line();
        caption(page);
        page.close().line();
    }

    private void bar(Markup page, Bar bar, int top, Axis axis) {
        page.empty("circle", "class", bar.colour(), "cx", "5", "cy", String.valueOf(top + 9), "r", "4");
        LinePlot.fitted(page, bar.label(), LABEL, "class", "bar-label", "x", "14", "y", String.valueOf(top + 13));
        page.leaf(
                "text",
                unit.format(bar.total()),
                "class",
                "bar-label end",
                "x",
                String.valueOf(WIDTH - RIGHT),
                "y",
                String.valueOf(top + 13));
        double from = 0;
        for (Part part : bar.parts()) {
            if (part.value() > 0 && Double.isFinite(part.value())) {
                double left = x(axis, from / perUnit);
                from += part.value();
                page.open(
                        "rect",
                        "class",
                        "part " + part.colour(),
                        "x",
                        LinePlot.px(left),
                        "y",
                        String.valueOf(top + 18),
                        "width",
                        LinePlot.px(Math.max(0.5, x(axis, from / perUnit) - left)),
                        "height",
                        String.valueOf(BAR));
                page.leaf("title", part.label() + " " + unit.format(part.value()))
                        .close();
            }
        }
    }

    private void caption(Markup page) {
        page.open("figcaption").open("ul", "class", "legend");
        legend.forEach((label, colour) -> {
            page.open("li").open("svg", "class", "swatch square", "viewBox", "0 0 12 12", "aria-hidden", "true");
            page.empty("rect", "class", "part " + colour, "x", "0.5", "y", "0.5", "width", "11", "height", "11");
            page.close().text(label).close();
        });
        page.close();
        if (!words.isEmpty()) {
            page.leaf("p", words);
        }
        page.close();
    }

    private static double x(Axis axis, double value) {
        return axis.position(value) * (WIDTH - RIGHT);
    }
}
