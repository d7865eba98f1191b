package siglip.job.report;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import siglip.job.comparison.ComparisonResult;
import siglip.job.files.Unit;
import siglip.job.stage.Phase;

/**
 * The report for people: one HTML file that asks for nothing from anywhere, is complete without JavaScript, follows the reader's
 * choice of light or dark, and is well-formed XML.
 */
final class HtmlReport {
    private final ComparisonResult result;
    private final RunView run;
    private final Markup page = new Markup();

    private HtmlReport(RunView run) {
        this.run = run;
        this.result = run.figures().result();
    }

    static String of(RunView run) {
        return new HtmlReport(run).write();
    }

    private String write() {
        begin(page, result.settings().run().name());
        page.open("body").line();
        title();
        page.open("main").line();
        summary();
        table();
        result.gallery().ifPresent(gallery -> new GalleryView(run, gallery).write(page));
        TrainingPlots training = new TrainingPlots(run);
        plots("learned", "What the models learned", training.quality());
        plots("steady", "How steadily", training.stability());
        page.open("section", "id", "cost").leaf("h2", "What a step cost");
        page.open("div", "class", "plots").line();
        new CostPlots(run).write(page);
        phaseTable();
        page.close();
        page.close().line();
        facts();
        page.close().line();
        return end(page);
    }

    /** Closes the body that the caller opened, and the page. */
    static String end(Markup page) {
        page.open("script")
                .raw("//<![CDATA[")
                .raw(resource("report.js"))
                .raw("//]]>")
                .close();
        return page.close().close().line().toString();
    }

    /** A page up to its body. */
    static void begin(Markup page, String title) {
        page.raw("<!DOCTYPE html>").line();
        page.open("html", "lang", "en").line();
        page.open("head");
        page.empty("meta", "charset", "utf-8");
        page.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
        page.empty("meta", "name", "color-scheme", "content", "light dark");
        page.empty(
                "meta",
                "http-equiv",
                "Content-Security-Policy",
                "content",
                "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:");
        page.empty("link", "rel", "icon", "href", "data:,");
        page.leaf("title", title + " · siglip-spark");
        page.open("style").raw(resource("report.css")).close();
        page.close().line();
    }

    private void title() {
        page.open("header");
        page.leaf("p", "siglip-spark comparison", "class", "kicker");
        page.leaf("h1", result.settings().run().name());
        String started = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm")
                .withZone(ZoneOffset.UTC)
                .format(result.started().truncatedTo(ChronoUnit.MINUTES));
        page.leaf(
                "p",
                "Started %s UTC, took %s"
                        .formatted(started, Unit.SECONDS.format(run.figures().seconds())),
                "class",
                "when");
        page.open("ul", "class", "arms");
        for (ArmView arm : run.arms()) {
            page.open("li");
            dot(arm);
            page.leaf("b", arm.name());
            page.text(" " + arm.figures().form().title()).close();
        }
        page.close().close().line();
    }

    private void summary() {
        page.open("section", "id", "summary").leaf("h2", "In short");
        page.open("ul", "class", "verdict");
        for (Verdict.Sentence sentence : Verdict.sentences(run)) {
            page.open("li")
                    .leaf("b", sentence.lead() + ".")
                    .text(" " + sentence.text())
                    .close();
        }
        page.close().close().line();
    }

    private void table() {
        page.open("section", "id", "table").leaf("h2", "Side by side");
        page.open("table", "class", tableClass()).open("thead").open("tr");
        page.leaf("th", "Measured", "scope", "col");
        for (ArmView arm : run.arms()) {
            page.open("th", "scope", "col", "class", "value");
            dot(arm);
            page.text(arm.name()).close();
        }
        page.leaf("th", "In words", "scope", "col").close().close().line();
        Map<String, List<Row>> groups = Summary.rows(run).stream()
                .collect(Collectors.groupingBy(Row::group, LinkedHashMap::new, Collectors.toList()));
        groups.forEach((group, rows) -> {
            page.open("tbody").open("tr", "class", "group");
            page.leaf(
                    "th",
                    group,
                    "scope",
                    "rowgroup",
                    "colspan",
                    String.valueOf(run.arms().size() + 2));
            page.close().line();
            rows.forEach(this::row);
            page.close();
        });
        page.close().close().line();
    }

    private String tableClass() {
        return run.arms().size() > 3 ? "compare" : "compare few";
    }

    private void row(Row row) {
        page.open("tr").leaf("th", row.label(), "scope", "row");
        boolean shared = row.cells().size() == 1 && run.arms().size() > 1;
        for (int arm = 0; arm < row.cells().size(); arm++) {
            if (shared) {
                page.leaf(
                        "td",
                        row.cells().get(arm),
                        "class",
                        "value shared",
                        "colspan",
                        String.valueOf(run.arms().size()));
            } else {
                cell(run.arms().get(arm), row.cells().get(arm));
            }
        }
        page.leaf("td", row.words(), "class", "words").close().line();
    }

    /** Names its arm, which is shown where rows become blocks. */
    private void cell(ArmView arm, String figure) {
        page.open("td", "class", "value");
        dot(arm);
        page.leaf("span", arm.name() + " ", "class", "who").text(figure).close();
    }

    private void plots(String id, String title, List<LinePlot> plots) {
        page.open("section", "id", id).leaf("h2", title);
        if (plots.isEmpty()) {
            page.leaf("p", "Nothing was recorded.", "class", "none");
        } else {
            page.open("div", "class", "plots").line();
            plots.forEach(plot -> plot.write(page));
            page.close();
        }
        page.close().line();
    }

    private void phaseTable() {
        page.open("div", "class", "plot wide")
                .open("table", "class", "phases " + tableClass())
                .open("thead")
                .open("tr")
                .leaf("th", "Phase of a step", "scope", "col");
        run.arms().forEach(arm -> page.leaf("th", arm.name(), "scope", "col", "class", "value"));
        page.leaf("th", "In words", "scope", "col")
                .close()
                .close()
                .open("tbody")
                .line();
        for (Phase phase : Phase.values()) {
            page.open("tr").open("th", "scope", "row");
            page.open("svg", "class", "swatch square", "viewBox", "0 0 12 12", "aria-hidden", "true");
            page.empty(
                    "rect",
                    "class",
                    "part phase-" + phase.key(),
                    "x",
                    "0.5",
                    "y",
                    "0.5",
                    "width",
                    "11",
                    "height",
                    "11");
            page.close().text(phase.key()).close();
            for (ArmView arm : run.arms()) {
                cell(arm, Unit.SECONDS.format(arm.figures().times().mean().get(phase)));
            }
            page.leaf("td", phase.words(), "class", "words").close().line();
        }
        page.close().close().close();
    }

    private void facts() {
        page.open("section", "id", "facts").leaf("h2", "How it was run");
        page.leaf("h3", "Incidents");
        if (result.incidents().isEmpty()) {
            page.leaf("p", "None: no attempt failed.");
        } else {
            page.open("ol", "class", "incidents");
            result.incidents().forEach(incident -> page.leaf("li", incident));
            page.close();
        }
        page.open("div", "class", "facts").line();
        facts("Data", result.data());
        facts("Environment", result.environment());
        facts("Numerics fingerprint", result.numerics());
        Map<String, String> seeds = new LinkedHashMap<>();
        seeds.put("seed", String.valueOf(result.settings().run().seed()));
        seeds.put("decides", "initial towers, order of the pairs, keywords, dropout");
        facts("Seeds", seeds);
        page.close();
        page.open("details")
                .leaf("summary", "Settings")
                .leaf("pre", result.renderedSettings())
                .close();
        page.close().line();
    }

    private void facts(String title, Map<String, String> facts) {
        page.open("div").leaf("h3", title);
        if (facts.isEmpty()) {
            page.leaf("p", "Nothing was recorded.");
        } else {
            page.open("dl");
            facts.forEach((key, value) -> page.leaf("dt", key).leaf("dd", value));
            page.close();
        }
        page.close().line();
    }

    private void dot(ArmView arm) {
        page.open("span", "class", "dot " + arm.colour(), "aria-hidden", "true").close();
    }

    /** Style and script lie beside this class; the style holds no character that XML would want escaped. */
    private static String resource(String name) {
        try (InputStream in = HtmlReport.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException("Cannot write the report: %s is missing from the jar".formatted(name));
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException("Cannot write the report: %s cannot be read".formatted(name), e);
        }
    }
}
