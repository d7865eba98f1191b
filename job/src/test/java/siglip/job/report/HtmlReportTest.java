package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;
import org.w3c.dom.NodeList;
import siglip.job.comparison.ComparisonResult;
import siglip.job.stage.Phase;
import siglip.job.stage.PhaseSeconds;

class HtmlReportTest {
    private static final Pattern POINT = Pattern.compile("(-?[\\d.]+),(-?[\\d.]+)");

    @Test
    void everyPlotAndEverySeriesIsThere() {
        Element page = page(new SampleRun().build());

        assertThat(titles(page))
                .contains(
                        "R@1, image → text",
                        "R@5, image → text",
                        "R@10, image → text",
                        "R@1, text → image",
                        "R@5, text → image",
                        "R@10, text → image",
                        "Accuracy of group",
                        "Accuracy of subgroup",
                        "Sigmoid loss",
                        "Softmax loss",
                        "Gradient norm",
                        "Logit scale t",
                        "Bias b",
                        "Logits, siglip",
                        "Logits, clip",
                        "Time per step by phase",
                        "Waiting per rank",
                        "Bytes sent for the loss",
                        "All bytes sent");
        assertThat(series(figure(page, "R@1, image → text")))
                .containsExactly(
                        "siglip, seen",
                        "siglip, unseen",
                        "clip, seen",
                        "clip, unseen",
                        "nearest neighbour: seen 41.2\u00a0%",
                        "chance: seen 0.07\u00a0%, unseen 0.6\u00a0%",
                        "");
        assertThat(series(figure(page, "Gradient norm"))).contains("siglip", "clip");
        assertThat(series(figure(page, "Bias b"))).containsExactly("siglip");
        assertThat(Xml.all(figure(page, "Logits, clip"), "path", "band")).hasSize(1);
    }

    @Test
    void everyPhaseOfEveryArmIsDrawnAsLongAsItTook() {
        Element plot = figure(page(new SampleRun().arms("siglip").build()), "Time per step by phase");
        PhaseSeconds times =
                new SampleRun().arms("siglip").figures().arms().get(0).times().mean();

        for (Phase phase : Phase.values()) {
            double width = width(plot, phase);
            double perSecond = width(plot, Phase.BACKWARD) / times.get(Phase.BACKWARD);
            // widths are rounded to a hundredth of a pixel
            assertThat(width)
                    .as("%s", phase)
                    .isBetween(perSecond * times.get(phase) - 0.02, perSecond * times.get(phase) + 0.02);
        }
    }

    @Test
    void theSpikeReachesTheTopOfItsPlotInALongRun() {
        SampleRun run = new SampleRun().steps(100_000).evaluations(2);
        ComparisonResult result = run.build();
        Element plot = figure(page(result), "Gradient norm");
        Element svg = (Element) plot.getElementsByTagName("svg").item(0);
        double[] y = ends(svg, "data-y");
        double norm = result.arms().get(0).steps().get(run.spikeStep()).towerGradientNorm();
        double share = Math.log(norm / y[2]) / Math.log(y[3] / y[2]);
        double expected = y[0] - share * (y[0] - y[1]);

        double highest = points(Xml.all(plot, "path", "faint").get(0)).stream()
                .mapToDouble(point -> point[1])
                .min()
                .orElseThrow();

        assertThat(highest).isBetween(expected - 0.006, expected + 0.006); // rounded to a hundredth of a pixel
    }

    @Test
    void aLongRunMakesNoLongPage() {
        String page = html(new SampleRun().steps(100_000).build());

        assertThat(page.length()).isLessThan(400_000);
    }

    @Test
    void nothingIsDrawnOutsideItsPlot() {
        for (ComparisonResult result : odd()) {
            for (Element figure : Xml.all(page(result), "figure", "plot")) {
                for (Element line : Xml.all(figure, "path", "named")) {
                    Element svg = (Element) line.getParentNode();
                    double[] x = ends(svg, "data-x");
                    double[] y = ends(svg, "data-y");
                    for (double[] point : points(line)) {
                        assertThat(point[0]).isBetween(x[0] - 0.01, x[1] + 0.01);
                        assertThat(point[1]).isBetween(y[1] - 0.01, y[0] + 0.01);
                    }
                }
            }
        }
    }

    @Test
    void oddRunsMakeWellFormedPagesWithoutNaN() {
        for (ComparisonResult result : odd()) {
            String html = html(result);

            assertThat(Xml.parse(html).getDocumentElement().getTagName()).isEqualTo("html");
            assertThat(html).doesNotContain("NaN,").doesNotContain(",NaN").doesNotContain("Infinity\"");
        }
    }

    @Test
    void aStoppedArmIsMarkedInItsPlots() {
        Element page = page(new SampleRun().diverging(1, 300).build());

        assertThat(Xml.all(figure(page, "Softmax loss"), "g", "stop").get(0).getTextContent())
                .isEqualTo("clip stopped");
        assertThat(Xml.all(figure(page, "Sigmoid loss"), "g", "stop")).isEmpty();
    }

    @Test
    void textsOfTheRunCannotBreakThePage() {
        String hostile = "</td><script>alert('x')</script><img src=\"http://example.org/a.png\"/>";
        Map<String, String> data = new LinkedHashMap<>();
        data.put(hostile, hostile);

        Element page = page(new SampleRun().data(data).incidents(hostile).build());

        assertThat(Xml.all(page, "script", "")).hasSize(1);
        assertThat(Xml.all(page, "img", "")).isEmpty();
        assertThat(page.getTextContent()).contains(hostile);
    }

    @Test
    void thePageAsksForNothing() {
        Element page = page(new SampleRun().build());

        for (Element element : Xml.all(page, "*", "")) {
            assertThat(element.hasAttribute("src")).as(element.getTagName()).isFalse();
            if (element.hasAttribute("href")) {
                assertThat(element.getAttribute("href")).startsWith("data:");
            }
        }
        assertThat(Xml.all(page, "style", "").get(0).getTextContent())
                .doesNotContain("url(")
                .doesNotContain("@import");
        assertThat(Xml.all(page, "script", "").get(0).getTextContent())
                .doesNotContain("fetch(")
                .doesNotContain("XMLHttp");
    }

    @Test
    void theGalleryShowsPicturesAndCaptionsOfEachArm() {
        String hostile = "<b>red & round</b>";
        Element gallery =
                section(page(new SampleRun().gallery(new byte[1000], hostile).build()), "gallery");

        assertThat(Xml.all(gallery, "li", "right")).hasSize(2 * 2);
        assertThat(Xml.all(gallery, "li", "wrong")).hasSize(2 * 2 * 4);
        assertThat(Xml.all(gallery, "img", "")).hasSize(1 + 2 * 5).allSatisfy(picture -> {
            assertThat(picture.getAttribute("src")).startsWith("data:image/jpeg;base64,AAAA");
            assertThat(picture.getAttribute("alt")).isEqualTo(hostile);
        });
        assertThat(gallery.getTextContent()).contains(hostile, "the run's seed, 7: the first 2 of each kind");
    }

    @Test
    void allCaptionsOfAQueryStandInOneColumnBesideIt() {
        Element gallery = section(
                page(new SampleRun()
                        .gallery(new byte[1000], "a cat", "a tabby cat", "cat on a mat")
                        .build()),
                "gallery");

        NodeList besides = Xml.all(gallery, "div", "query").get(0).getChildNodes();
        assertThat(besides.getLength()).isEqualTo(2);
        assertThat(besides.item(1).getTextContent()).isEqualTo("its captionsa cata tabby catcat on a mat");
    }

    @Test
    void theGalleryStaysSmallHoweverManyArmsThereAre() {
        SampleRun run = new SampleRun().arms("a", "b", "c", "d", "e", "f", "g").steps(3);
        int without = html(run.build()).length();

        String with = html(run.gallery(new byte[6000], "red").build());

        assertThat(with.length() - without).isBetween(200_000, 300_000);
        assertThat(section(Xml.parse(with).getDocumentElement(), "gallery").getTextContent())
                .contains("redredred");
    }

    @Test
    void theGalleryOfFeaturesNamesRowsOrSaysThatThereIsNothingToShow() {
        assertThat(section(page(new SampleRun().gallery(new byte[0]).build()), "gallery")
                        .getTextContent())
                .contains("The data hold features alone");
        assertThat(section(page(new SampleRun().gallery(new byte[99]).build()), "gallery")
                        .getTextContent())
                .contains("pairs.parquet, row 3");
        assertThat(Xml.all(page(new SampleRun().build()), "section", "").stream()
                        .map(section -> section.getAttribute("id")))
                .doesNotContain("gallery");
    }

    @Test
    void theTableShowsEveryRowOfTheSummary() {
        ComparisonResult result = new SampleRun().build();
        Element table = Xml.all(page(result), "table", "compare").get(0);

        for (Row row : Summary.rows(SampleRun.view(result))) {
            assertThat(table.getTextContent()).contains(row.label(), row.words());
            assertThat(table.getTextContent()).contains(row.cells());
            assertThat(row.words()).as(row.label()).isNotBlank();
        }
    }

    @Test
    void settingsSeedsAndFactsAreThere() {
        ComparisonResult result =
                new SampleRun().incidents("rank 1 fell silent").build();
        String text = page(result).getTextContent();

        assertThat(text).contains(result.renderedSettings()).contains("rank 1 fell silent");
        assertThat(text)
                .contains(result.data().values())
                .contains(result.environment().values());
        assertThat(text).contains(result.numerics().values());
    }

    private static List<ComparisonResult> odd() {
        return List.of(
                new SampleRun().arms("siglip").steps(1).ranks(1).evaluations(0).build(),
                new SampleRun().arms("siglip").steps(3).ranks(1).evaluations(1).build(),
                new SampleRun()
                        .arms("a", "b", "c", "d", "e", "f", "g")
                        .steps(90)
                        .ranks(9)
                        .build(),
                new SampleRun().diverging(0, 0).diverging(1, 1).build(),
                new SampleRun().diverging(0, 300).ranks(1).build());
    }

    private static String html(ComparisonResult result) {
        return HtmlReport.of(SampleRun.view(result));
    }

    private static Element page(ComparisonResult result) {
        return Xml.parse(html(result)).getDocumentElement();
    }

    private static Element section(Element page, String id) {
        return Xml.all(page, "section", "").stream()
                .filter(section -> section.getAttribute("id").equals(id))
                .findFirst()
                .orElseThrow();
    }

    private static List<String> titles(Element page) {
        return Xml.all(page, "h4", "").stream().map(Element::getTextContent).toList();
    }

    private static Element figure(Element page, String title) {
        return Xml.all(page, "figure", "plot").stream()
                .filter(figure -> figure.getElementsByTagName("h4")
                        .item(0)
                        .getTextContent()
                        .equals(title))
                .findFirst()
                .orElseThrow(() -> new AssertionError("no plot '%s' among %s".formatted(title, titles(page))));
    }

    private static List<String> series(Element figure) {
        return Xml.all(figure, "path", "line").stream()
                .filter(path -> path.hasAttribute("data-label"))
                .map(path -> path.getAttribute("data-label"))
                .toList();
    }

    private static double width(Element plot, Phase phase) {
        return Double.parseDouble(
                Xml.all(plot, "rect", "phase-" + phase.key()).get(0).getAttribute("width"));
    }

    /** First and last pixel, first and last value of an axis. */
    private static double[] ends(Element svg, String attribute) {
        return Arrays.stream(svg.getAttribute(attribute).split(" ", -1))
                .limit(4)
                .mapToDouble(Double::parseDouble)
                .toArray();
    }

    private static List<double[]> points(Element path) {
        List<double[]> points = new ArrayList<>();
        Matcher matcher = POINT.matcher(path.getAttribute("d"));
        while (matcher.find()) {
            points.add(new double[] {Double.parseDouble(matcher.group(1)), Double.parseDouble(matcher.group(2))});
        }
        return points;
    }
}
