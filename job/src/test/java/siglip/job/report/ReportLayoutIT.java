package siglip.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import siglip.job.comparison.ComparisonResult;

/** How wide reports come out in a browser; skipped where there is none. */
@Timeout(240)
class ReportLayoutIT {
    private static final List<Integer> WIDTHS = List.of(390, 768, 1180, 1280);
    private static final String LONG = "siglip-with-a-name-that-nobody-would-call-short_or-breaks-anywhere";

    @TempDir
    private Path folder;

    @ParameterizedTest
    @EnumSource(Chromium.Scheme.class)
    void noPageScrollsSidewaysAndNothingLeavesItsFrame(Chromium.Scheme scheme)
            throws IOException, InterruptedException {
        Chromium chromium = Chromium.find(folder);

        assertThat(overflows(chromium, scheme, pages())).isEmpty();
    }

    @Test
    void theScriptMakesASmallPictureOfAReport() throws IOException, InterruptedException {
        Chromium.find(folder);
        Path report = Files.writeString(folder.resolve("report.html"), pages().get("usual"));
        Path picture = folder.resolve("report.webp");
        Path log = folder.resolve("script.log");
        Process script = new ProcessBuilder("../scripts/report-picture", report.toString(), picture.toString())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start();

        assertThat(script.waitFor(100, TimeUnit.SECONDS)).isTrue();
        assertThat(script.exitValue()).as(Files.readString(log)).isZero();
        for (Path each : List.of(picture, Path.of("../docs/report.webp"))) {
            byte[] webp = Files.readAllBytes(each);
            assertThat(new String(webp, 8, 4, StandardCharsets.US_ASCII)).isEqualTo("WEBP");
            assertThat(webp).hasSizeBetween(10_000, 150_000);
        }
    }

    @Test
    void aPageThatIsTooWideIsFound() throws IOException, InterruptedException {
        Chromium chromium = Chromium.find(folder);
        String wide = "<section><ul class='legend'><li style='width:400px'>wide</li></ul></section>";

        assertThat(overflows(chromium, Chromium.Scheme.LIGHT, Map.of("wide", wide)))
                .contains("wide at 390: the page scrolls")
                .anyMatch(line -> line.startsWith("wide at 390: LI 'wide'"))
                .noneMatch(line -> line.contains("768"));
    }

    private static Map<String, String> pages() throws IOException {
        Map<String, ComparisonResult> runs = new LinkedHashMap<>();
        runs.put(
                "usual",
                new SampleRun()
                        .gallery(picture(), "red apple", "a ripe red apple", "here is an apple, which is red")
                        .build());
        runs.put(
                "one arm, no evaluation",
                new SampleRun().arms("siglip").steps(1).ranks(1).evaluations(0).build());
        runs.put(
                "long names",
                new SampleRun()
                        .name(LONG.replace('_', '.'))
                        .arms(LONG, LONG + "2")
                        .classColumn("a_class_column_with_a_long_name_as_joins_of_tables_make_them")
                        .data(Map.of("a-key-that-is-rather-long-and-without-spaces", "s3a://" + LONG.repeat(4)))
                        .incidents(LONG.repeat(5))
                        .gallery(new byte[0], LONG.repeat(2))
                        .diverging(1, 700)
                        .build());
        runs.put(
                "seven arms",
                new SampleRun()
                        .arms("a", "b", LONG, "d", "e", "f", "g")
                        .steps(90)
                        .ranks(9)
                        .build());
        runs.put("large figures", new SampleRun().times(1e9).build());
        runs.put(
                "small figures",
                new SampleRun().times(1e-12).diverging(0, 0).diverging(1, 300).build());
        Map<String, String> pages = new LinkedHashMap<>();
        runs.forEach((name, run) -> pages.put(name, HtmlReport.of(SampleRun.view(run))));
        return pages;
    }

    /** 64 x 64 pixels. */
    private static byte[] picture() throws IOException {
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        ImageIO.write(new BufferedImage(64, 64, BufferedImage.TYPE_INT_RGB), "jpeg", out);
        return out.toByteArray();
    }

    /** Each page in frames of all widths; what a script in this page finds too wide there. */
    private static List<String> overflows(Chromium chromium, Chromium.Scheme scheme, Map<String, String> pages)
            throws IOException, InterruptedException {
        Markup harness = new Markup();
        harness.raw("<!DOCTYPE html>")
                .open("html")
                .open("head")
                .empty("meta", "charset", "utf-8")
                .close();
        harness.open("body");
        for (Map.Entry<String, String> page : pages.entrySet()) {
            for (int width : WIDTHS) {
                harness.leaf(
                        "iframe",
                        "",
                        "title",
                        "%s at %d".formatted(page.getKey(), width),
                        "style",
                        "border: 0; height: 900px; width: %dpx".formatted(width),
                        "srcdoc",
                        page.getValue());
            }
        }
        harness.open("script").raw(script()).close().close().close();
        String document = chromium.document(harness.toString(), scheme);
        assertThat(document).as("the script has run").contains("<pre>").contains("</pre>");
        return document.substring(document.indexOf("<pre>") + 5, document.indexOf("</pre>"))
                .lines()
                .toList();
    }

    private static String script() throws IOException {
        try (InputStream in = ReportLayoutIT.class.getResourceAsStream("overflows.js")) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }
}
