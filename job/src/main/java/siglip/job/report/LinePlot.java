package siglip.job.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import siglip.job.files.Unit;
import siglip.job.stability.Statistics;

/** Draws curves over a counted axis as a figure of HTML with inline SVG, sized to be read on a phone. */
final class LinePlot {
    static final int WIDTH = 380;
    private static final int HEIGHT = 220;
    private static final int LEFT = 46;
    private static final int RIGHT = 12;
    private static final int TOP = 26;
    private static final int BOTTOM = 36;

    /** Width of a wide letter. */
    private static final double GLYPH = 8;

    /** About two pixels each. */
    private static final int BUCKETS = (WIDTH - LEFT - RIGHT) / 2;

    /** An axis from 0 or 1 would hide what happens if the largest value is this much above the median. */
    private static final double LOG_ABOVE = 20;

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final List<Curve> curves = new ArrayList<>();
    private final List<Band> bands = new ArrayList<>();
    private final List<Mark> stops = new ArrayList<>();
    private final List<Whisker> whiskers = new ArrayList<>();
    private String words = "";
    private boolean log;
    private boolean logPlaces;
    private boolean autoLog;
    private boolean fromZero;
    private double[] rangeX = new double[0];

    private record Band(String colour, double[] x, double[] low, double[] high) {}

    private record Whisker(String colour, double x, double low, double high) {}

    private record Mark(String colour, String label, double x) {}

    LinePlot(String title, String xLabel, String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /** Draws positive values on a logarithmic axis. */
    LinePlot log() {
        log = true;
        return this;
    }

    /** Has a logarithmic axis of places, which must be positive. */
    LinePlot logPlaces() {
        logPlaces = true;
        return this;
    }

    /** Draws an interval around a value; not if an end is not finite. */
    LinePlot whisker(String colour, double x, double low, double high) {
        if (Double.isFinite(low) && Double.isFinite(high)) {
            whiskers.add(new Whisker(colour, x, low, high));
        }
        return this;
    }

    /** Takes a logarithmic axis if all values are positive and a few would flatten the rest. */
    LinePlot logIfSteep() {
        autoLog = true;
        return this;
    }

    /** Starts the axis of values at 0. */
    LinePlot fromZero() {
        fromZero = true;
        return this;
    }

    /** Shows these places, whatever the curves cover. */
    LinePlot over(double firstX, double lastX) {
        rangeX = new double[] {firstX, lastX};
        return this;
    }

    LinePlot words(String plainWords) {
        words = plainWords;
        return this;
    }

    LinePlot add(Curve curve) {
        curves.add(curve);
        return this;
    }

    /** Fills the space between two curves over the same places. */
    LinePlot band(String colour, double[] x, double[] low, double[] high) {
        bands.add(new Band(colour, x, low, high));
        return this;
    }

    /** Marks the place where something ended. */
    LinePlot stop(String colour, String label, double x) {
        stops.add(new Mark(colour, label, x));
        return this;
    }

    /** Whether there is anything to see. */
    boolean empty() {
        return curves.stream().allMatch(curve -> curve.style() == Curve.Style.DOTTED || curve.x().length == 0);
    }

    void write(Markup page) {
        page.open("figure", "class", "plot").leaf("h4", title);
        double[] finite = values().filter(Double::isFinite).toArray();
        if (finite.length == 0) {
            page.leaf("p", "No finite value to draw.", "class", "none").close().line();
            return;
        }
        Axis y = yAxis(finite);
        Axis x = xAxis();
        page.open(
                "svg",
                "viewBox",
                "0 0 %d %d".formatted(WIDTH, HEIGHT),
                "role",
                "img",
                "aria-label",
                "%s: %s over %s".formatted(title, yLabel, xLabel),
                "data-name",
                xLabel,
                "data-x",
                "%d %d %s %s %s".formatted(LEFT, WIDTH - RIGHT, x.low(), x.high(), x.log() ? "log" : "linear"),
                "data-y",
                "%d %d %s %s %s".formatted(HEIGHT - BOTTOM, TOP, y.low(), y.high(), y.log() ? "log" : "linear"));
        axes(page, x, y);
        for (Band band : bands) {
            page.empty("path", "class", "band " + band.colour(), "d", area(band, x, y));
        }
        for (Mark stop : stops) {
            stop(page, stop, x);
        }
        for (Whisker whisker : whiskers) {
            String at = px(px(x, whisker.x()));
            String low = px(py(y, whisker.low()));
            page.empty(
                    "line",
                    "class",
                    "whisker " + whisker.colour(),
                    "x1",
                    at,
                    "x2",
                    at,
                    "y1",
                    low,
                    "y2",
                    px(py(y, whisker.high())));
        }
        for (Curve curve : curves) {
            curve(page, curve, x, y);
        }
        page.close().line();
        legend(page);
        page.close().line();
    }

    private DoubleStream values() {
        DoubleStream inCurves = curves.stream().flatMapToDouble(curve -> DoubleStream.of(curve.y()));
        DoubleStream inBands = bands.stream()
                .flatMapToDouble(
                        band -> DoubleStream.concat(DoubleStream.of(band.low()), DoubleStream.of(band.high())));
        DoubleStream inWhiskers = whiskers.stream().flatMapToDouble(each -> DoubleStream.of(each.low(), each.high()));
        return DoubleStream.concat(inCurves, DoubleStream.concat(inBands, inWhiskers));
    }

    private Axis yAxis(double[] finite) {
        double low = DoubleStream.of(finite).min().orElse(0);
        double high = DoubleStream.of(finite).max().orElse(1);
        boolean steep = autoLog && low > 0 && high > LOG_ABOVE * Statistics.median(finite);
        double[] positive = DoubleStream.of(finite).filter(v -> v > 0).toArray();
        if ((log || steep) && positive.length > 0) {
            return Axis.logarithmic(DoubleStream.of(positive).min().orElse(1), high);
        }
        return Axis.linear(fromZero ? Math.min(0, low) : low, fromZero && high <= 0 ? 1 : high, 4);
    }

    private Axis xAxis() {
        double[] all = DoubleStream.concat(
                        DoubleStream.of(rangeX), curves.stream().flatMapToDouble(curve -> DoubleStream.of(curve.x())))
                .toArray();
        double low = DoubleStream.of(all).min().orElse(0);
        double high = DoubleStream.of(all).max().orElse(1);
        return logPlaces ? Axis.logarithmic(low, high) : Axis.counted(low, high, 5);
    }

    private void axes(Markup page, Axis x, Axis y) {
        page.leaf("text", y.log() ? yLabel + " (log scale)" : yLabel, "class", "axis", "x", "0", "y", "12");
        for (double tick : y.ticks()) {
            String at = px(py(y, tick));
            page.empty("line", "class", "grid", "x1", px(LEFT), "x2", px(WIDTH - RIGHT), "y1", at, "y2", at);
            page.leaf("text", y.label(tick), "class", "tick end", "x", px(LEFT - 6), "y", px(py(y, tick) + 4));
        }
        for (double tick : x.ticks()) {
            String at = px(px(x, tick));
            page.empty(
                    "line",
                    "class",
                    "notch",
                    "x1",
                    at,
                    "x2",
                    at,
                    "y1",
                    px(HEIGHT - BOTTOM),
                    "y2",
                    px(HEIGHT - BOTTOM + 4));
            page.leaf("text", x.label(tick), "class", "tick middle", "x", at, "y", px(HEIGHT - BOTTOM + 17));
        }
        page.empty(
                "line",
                "class",
                "base",
                "x1",
                px(LEFT),
                "x2",
                px(WIDTH - RIGHT),
                "y1",
                px(HEIGHT - BOTTOM),
                "y2",
                px(HEIGHT - BOTTOM));
        page.leaf("text", xLabel, "class", "axis end", "x", px(WIDTH - RIGHT), "y", px(HEIGHT - 4));
    }

    private static void stop(Markup page, Mark stop, Axis x) {
        String at = px(px(x, stop.x()));
        page.open("g", "class", "stop " + stop.colour());
        page.empty("line", "x1", at, "x2", at, "y1", px(TOP), "y2", px(HEIGHT - BOTTOM));
        boolean right = x.position(stop.x()) > 0.5;
        double side = px(x, stop.x()) + (right ? -5 : 5);
        double room = right ? side - LEFT : WIDTH - RIGHT - side;
        fitted(page, stop.label(), room, "class", right ? "tick end" : "tick", "x", px(side), "y", px(TOP + 10));
        page.close();
    }

    private static void curve(Markup page, Curve curve, Axis x, Axis y) {
        int[] kept = Curve.thinned(curve.y(), BUCKETS);
        String style = curve.style().name().toLowerCase(Locale.ROOT);
        page.empty(
                "path",
                "class",
                "line %s %s%s".formatted(style, curve.colour(), curve.inLegend() ? " named" : ""),
                "data-label",
                curve.label(),
                "d",
                path(curve, kept, x, y));
        boolean points = curve.style() == Curve.Style.POINTS || curve.style() == Curve.Style.DASHED_POINTS;
        for (int i : points ? kept : lonely(curve, kept, y)) {
            if (y.shows(curve.y()[i])) {
                page.empty(
                        "circle",
                        "class",
                        curve.colour(),
                        "cx",
                        px(px(x, curve.x()[i])),
                        "cy",
                        px(py(y, curve.y()[i])),
                        "r",
                        curve.y().length > 40 ? "1.6" : "2.6");
            }
        }
    }

    /** Values with a gap on both sides: a line of one point is invisible. */
    private static int[] lonely(Curve curve, int[] kept, Axis y) {
        return IntStream.range(0, kept.length)
                .filter(k -> k == 0 || !y.shows(curve.y()[kept[k - 1]]))
                .filter(k -> k == kept.length - 1 || !y.shows(curve.y()[kept[k + 1]]))
                .map(k -> kept[k])
                .toArray();
    }

    private static String path(Curve curve, int[] kept, Axis x, Axis y) {
        StringBuilder path = new StringBuilder();
        boolean down = false;
        for (int i : kept) {
            if (y.shows(curve.y()[i])) {
                path.append(down ? 'L' : 'M')
                        .append(px(px(x, curve.x()[i])))
                        .append(',')
                        .append(px(py(y, curve.y()[i])));
            }
            down = y.shows(curve.y()[i]);
        }
        return path.toString();
    }

    private static String area(Band band, Axis x, Axis y) {
        StringBuilder path = new StringBuilder();
        int count = Math.min(BUCKETS, band.x().length);
        List<String> lower = new ArrayList<>();
        for (int b = 0; b < count; b++) {
            int from = (int) ((long) band.x().length * b / count);
            int to = (int) ((long) band.x().length * (b + 1) / count);
            double high = IntStream.range(from, to)
                    .mapToDouble(i -> band.high()[i])
                    .filter(y::shows)
                    .max()
                    .orElse(Double.NaN);
            double low = IntStream.range(from, to)
                    .mapToDouble(i -> band.low()[i])
                    .filter(y::shows)
                    .min()
                    .orElse(Double.NaN);
            if (y.shows(high) && y.shows(low)) {
                String at = px(px(x, band.x()[to - 1]));
                path.append(path.isEmpty() ? 'M' : 'L').append(at).append(',').append(px(py(y, high)));
                lower.add(0, "L" + at + "," + px(py(y, low)));
            }
        }
        lower.forEach(path::append);
        return path.isEmpty() ? "" : path.append('Z').toString();
    }

    private void legend(Markup page) {
        page.open("figcaption").open("ul", "class", "legend");
        for (Curve curve : curves) {
            if (curve.inLegend()) {
                page.open("li");
                swatch(page, curve.style(), curve.colour());
                page.text(curve.label());
                if (curve.style() != Curve.Style.DOTTED) {
                    page.leaf("b", Double.isNaN(curve.last()) ? "" : Unit.brief(curve.last()));
                }
                page.close();
            }
        }
        page.close();
        if (!words.isEmpty()) {
            page.leaf("p", words);
        }
        page.close();
    }

    private static void swatch(Markup page, Curve.Style style, String colour) {
        page.open("svg", "class", "swatch", "viewBox", "0 0 24 10", "aria-hidden", "true");
        page.empty(
                "path",
                "class",
                "line %s %s".formatted(style.name().toLowerCase(Locale.ROOT), colour),
                "d",
                "M0,5L24,5");
        if (style == Curve.Style.POINTS || style == Curve.Style.DASHED_POINTS) {
            page.empty("circle", "class", colour, "cx", "12", "cy", "5", "r", "2.6");
        }
        page.close();
    }

    private static double px(Axis x, double value) {
        return LEFT + x.position(value) * (WIDTH - RIGHT - LEFT);
    }

    private static double py(Axis y, double value) {
        return HEIGHT - BOTTOM - y.position(value) * (HEIGHT - BOTTOM - TOP);
    }

    /** A text of SVG, which cannot break: what does not fit is cut, and told whole where a pointer rests. */
    static void fitted(Markup page, String text, double room, String... attributes) {
        int most = Math.max(4, (int) (room / GLYPH));
        if (text.length() <= most) {
            page.leaf("text", text, attributes);
        } else {
            page.open("text", attributes).leaf("title", text);
            page.text(text.substring(0, text.offsetByCodePoints(0, text.codePointCount(0, most - 1))) + "…")
                    .close();
        }
    }

    /** A coordinate to a hundredth of a pixel, as short as it can be. */
    static String px(double value) {
        return String.format(Locale.ROOT, "%.2f", value).replaceFirst("\\.?0+$", "");
    }
}
